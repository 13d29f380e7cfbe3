// Which events are in which window file, in the layout of the live ETL: server_events_*.jsonl, a file for
// each five seconds, and processor_offset.json, which counts the processed lines of each. A pure value: it
// touches no file. docs/window-files.md says what happens in a crash. Tested by
// tests/unit/app/serve/windows/window_view_test.cpp.
#pragma once

#include "events/event.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// "server_events_261120150306.jsonl": the minute in the process's time zone, and which five seconds of it.
[[nodiscard]] std::string window_file_of(events::event_time at);

// A JSON text without the white space outside its strings. Any other text becomes one line, too.
[[nodiscard]] std::string on_one_line(std::string_view json);

// Positions of one partition without a gap: [first, end).
struct window_range {
    std::int32_t partition = 0;
    events::position first = 0;
    events::position end = 0;
    bool operator==(const window_range&) const = default;
};

struct window {
    std::string file;
    std::vector<window_range> ranges; // in the order of its lines
    [[nodiscard]] std::uint64_t lines() const noexcept;
};

// By partition: of the next event.
using window_positions = std::map<std::int32_t, events::position>;

// Lines for one file, to be written behind those it has.
struct window_addition {
    std::string file;
    std::vector<window_range> ranges;
    std::string lines;
};

// The lines to write next. Events are added in the order in which they were read.
class window_plan {
  public:
    void add(std::int32_t partition, const events::recorded_event& event);
    // Everything before `next` has been read.
    void read_up_to(std::int32_t partition, events::position next) { next_[partition] = next; }

    [[nodiscard]] bool empty() const noexcept { return next_.empty(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::vector<window_addition>& additions() const noexcept { return additions_; }
    [[nodiscard]] const window_positions& next() const noexcept { return next_; }

  private:
    std::vector<window_addition> additions_;
    window_positions next_;
    std::size_t bytes_ = 0;
};

class window_view {
  public:
    // Nothing of `journal` has been written yet.
    explicit window_view(std::string journal)
        : journal_(std::move(journal)) {}
    // Parses what text() returned; nullopt for any other text.
    [[nodiscard]] static std::optional<window_view> read(std::string_view text);
    [[nodiscard]] std::string text() const;

    [[nodiscard]] const std::string& journal() const noexcept { return journal_; }
    [[nodiscard]] const window_positions& next() const noexcept { return next_; }
    void begin_at(std::int32_t partition, events::position next) { next_[partition] = next; }
    // How many lines the file has; 0 if this view has not written it.
    [[nodiscard]] std::uint64_t lines_of(std::string_view file) const;
    // Its additions have been written.
    void apply(const window_plan& plan);

    // processor_offset.json, if events before `applied` are processed: {"server_events_….jsonl":5,…}. Files
    // of which no line is processed are left out.
    [[nodiscard]] std::string offsets(const window_positions& applied) const;
    // Every line that is there is processed.
    [[nodiscard]] bool all_applied(const window_positions& applied) const;

    [[nodiscard]] std::size_t count() const noexcept { return windows_.size(); }
    // The oldest files, up to the first with lines that are not processed.
    [[nodiscard]] std::vector<std::string> oldest(const window_positions& applied, std::size_t max) const;
    void forget(const std::string& file);

  private:
    void append(const std::string& file, const window_range& range);

    std::string journal_; // its id
    window_positions next_;
    std::list<window> windows_; // in the order in which they began
    std::map<std::string, std::list<window>::iterator, std::less<>> by_file_;
};

} // namespace app
