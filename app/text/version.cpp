#include "app/text/version.hpp"

#include "app/text/wrap.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

boost::json::object versions_by_name(std::string_view list) {
    boost::json::object versions;
    while (!list.empty()) {
        const auto each = list.substr(0, list.find(", "));
        list.remove_prefix(std::min(each.size() + 2, list.size()));
        const auto space = each.find(' ');
        versions[each.substr(0, space)] = each.substr(space + 1);
    }
    return versions;
}

} // namespace

std::string render_version(output_format format, std::size_t width) {
    if (format == output_format::json)
        return boost::json::serialize(boost::json::object{{"schema", "event-archiver/version/v1"},
                                                          {"version", EVENT_ARCHIVER_VERSION},
                                                          {"commit", commit()},
                                                          {"libraries", versions_by_name(libraries())}}) +
               "\n";
    const auto text =
        fmt::format("event-archiver {} (commit {}; {})", EVENT_ARCHIVER_VERSION, commit(), libraries());
    return wrapped(text, width, 4) + "\n";
}

} // namespace app
