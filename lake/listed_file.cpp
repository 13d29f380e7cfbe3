#include "lake/listed_file.hpp"

#include "async/error.hpp"
#include "lake/side_copy.hpp"

#include <string_view>

namespace lake {

file_key listed_file::key() const {
    const auto slash = properties.name.rfind('/'); // npos + 1 is 0
    const auto name = std::string_view(properties.name).substr(slash + 1);
    auto key = key_of_file(name);
    if (!key)
        key = key_of_side_copy(name);
    if (!key)
        throw async::error(async::failure::internal, "not the name of a day file");
    return *key;
}

} // namespace lake
