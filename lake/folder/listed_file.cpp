#include "lake/folder/listed_file.hpp"

#include "async/error.hpp"
#include "lake/folder/side_copy.hpp"

namespace lake {

file_key listed_file::key() const {
    const auto name = name_alone(properties.name);
    auto key = key_of_file(name);
    if (!key)
        key = key_of_side_copy(name);
    if (!key)
        throw async::error(async::failure::internal, "not the name of a day file");
    return *key;
}

} // namespace lake
