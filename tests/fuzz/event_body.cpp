// The body of a POST /events/{topic}, from any client: values that are each one JSON text and lie in the
// body, one behind the other, or the place of a mistake.
#include "app/serve/intake/event_body.hpp"

#include "events/json_text.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const app::batch_limits limits{.bytes_max = 4096, .event_bytes_max = 64, .events_max = 32};
    for (const auto form : {app::body_form::lines, app::body_form::one_text}) {
        const auto found = app::values_of(form, body, limits);
        if (found.mistake) {
            check(found.values.empty(), "a batch is all or nothing");
            const auto lines = static_cast<std::size_t>(std::ranges::count(body, '\n')) + 1;
            check(found.mistake->line <= lines && found.mistake->byte <= size + 1,
                  "a mistake is in the body");
            continue;
        }
        check(!found.values.empty() && found.values.size() <= limits.events_max,
              "there are events, and not too many");
        const char* end = body.data();
        std::string array;
        for (const auto value : found.values) {
            check(value.data() >= end && value.data() + value.size() <= body.data() + size,
                  "values lie in order");
            check(value.size() <= limits.event_bytes_max, "an event has its limit");
            check(events::read_json(value).mistake.empty(), "each is one JSON text");
            end = value.data() + value.size();
            array += array.empty() ? "[" : ",";
            array += value;
        }
        array += "]";
        const auto again = app::values_of(app::body_form::one_text, array, {.events_max = limits.events_max});
        check(again.values.size() == found.values.size(), "together they are an array of as many");
    }
    return 0;
}
