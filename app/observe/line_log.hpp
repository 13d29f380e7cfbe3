// The log on stderr: one JSON object a line, or text for people. An entry is written whole, with one write.
#pragma once

#include "app/observe/text_entry.hpp"
#include "async/log.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace app {

// Receives finished lines, newline included.
using line_writer = std::function<void(std::string_view line)>;
// See error_stream; the notice is a line that says how many lines were dropped before it.
[[nodiscard]] line_writer standard_error(std::function<std::string(std::uint64_t)> drop_notice);
// For what is drawn there and may be missing.
[[nodiscard]] line_writer standard_error();

// A field that every line of a log has; no field if the key is empty.
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

// Where text for people goes.
struct text_output {
    line_writer write;
    bool colour = false;
    std::function<void()> before_line = {};  // called first, so that a progress bar can get out of the way
    std::function<std::size_t()> width = {}; // columns, asked for each entry; null or 0: lines of any length
    process_id shown = process_id::left_out;
};

// For people: text_entry.hpp. With the threshold at debug each line has its time and all its fields. Without
// warnings there is no summary either.
class text_log : public async::log {
  public:
    explicit text_log(text_output out, constant_field always = {});

  private:
    void write(async::log_level level, std::string_view event, std::string_view message,
               std::span<const async::log_field> fields) override;
    [[nodiscard]] std::string lines_of(const log_entry& entry);

    text_output out_;
    constant_field always_;
    std::string command_;
    std::string place_; // said at the start, until the identity there is
    bool planned_ = false;
    std::string day_; // of the last line with a time
};

// Now, in UTC, as RFC 3339 with microseconds.
[[nodiscard]] std::string timestamp();

} // namespace app
