// The log on stderr: one JSON object a line, or text for people. A line is written whole, with one write.
#pragma once

#include "async/log.hpp"

#include <functional>
#include <string>

namespace app {

// Receives finished lines, newline included.
using line_writer = std::function<void(std::string_view line)>;
[[nodiscard]] line_writer standard_error();

// A field that every line of a log carries; none if the key is empty.
struct constant_field {
    std::string_view key; // a literal
    std::string value;
};

// Whether a line for people has the id of its process; one in JSON always has it.
enum class process_id : unsigned char { left_out, shown };

// {"time":…,"level":…,"msg":…,"event":…,"run_id":…,"pid":…, fields…}
class json_log : public async::log {
  public:
    json_log(std::string run_id, line_writer write, constant_field always = {});

  private:
    void write(async::log_level level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override;

    std::string run_id_;
    line_writer write_;
    constant_field always_;
};

// "02:00:03 warn a try failed, trying again what=… pause_ms=…"
class text_log : public async::log {
  public:
    // `before_line` is called first, so that a progress bar can get out of the way.
    text_log(line_writer write, bool colour, std::function<void()> before_line, constant_field always = {},
             process_id shown = process_id::left_out);

  private:
    void write(async::log_level level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override;

    line_writer write_;
    std::function<void()> before_line_;
    constant_field always_;
    process_id shown_;
    bool colour_;
};

// A string as JSON writes it, quotes included; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_quoted(std::string_view text);
// Now, in UTC, as RFC 3339 with microseconds.
[[nodiscard]] std::string timestamp();

} // namespace app
