#include "events/event_mark.hpp"

#include <boost/crc.hpp>
#include <fmt/format.h>

#include <string_view>

namespace events {

namespace {

// With its length, so that the end of one is not the beginning of the next.
void add(boost::crc_32_type& sum, std::string_view text) {
    const auto size = fmt::format("{} ", text.size());
    sum.process_bytes(size.data(), size.size());
    sum.process_bytes(text.data(), text.size());
}

} // namespace

std::string mark_of(const recorded_event& each) {
    boost::crc_32_type sum;
    add(sum, each.content.key ? "key" : "");
    add(sum, each.content.key.value_or(""));
    for (const auto& header : each.content.headers) {
        add(sum, header.name);
        add(sum, header.value);
    }
    add(sum, each.content.value);
    return fmt::format("{} {} {:08x}", each.at, each.time.time_since_epoch().count(), sum.checksum());
}

} // namespace events
