// The output of `journal` and `journal verify`: text for people, JSON (docs/json.md) for programs.
// Tested by tests/integration/test_journal_command.py.
#pragma once

#include "app/text/output_format.hpp"
#include "events/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace app {

struct partition_facts {
    std::string topic;
    std::int32_t partition = 0;
    std::string id;
    events::position begin = 0;               // of the oldest event there is
    events::position end = 0;                 // of the next to come
    std::uint64_t bytes = 0;                  // 0: not known
    std::optional<events::event_time> oldest; // none: there is no event
};

struct partition_verdict {
    std::string topic;
    std::int32_t partition = 0;
    std::uint64_t events = 0;  // that could be read
    std::uint64_t bytes = 0;   // of their values
    events::position next = 0; // the first that was not read
    std::string error;         // empty: all is whole
};

// `place`: the journal. `width`: as in render.hpp.
[[nodiscard]] std::string render_journal(const std::vector<partition_facts>& found, const std::string& place,
                                         events::event_time now, output_format format);
[[nodiscard]] std::string render_journal_verdicts(const std::vector<partition_verdict>& found,
                                                  const std::string& place, output_format format,
                                                  std::size_t width = 0);

} // namespace app
