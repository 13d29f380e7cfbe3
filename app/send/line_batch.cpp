#include "app/send/line_batch.hpp"

#include "events/json_text.hpp"

#include <fmt/format.h>

namespace app {

namespace {

// Within 8 MiB, so that a line more always fits.
constexpr std::size_t body_bytes_max = 8'388'608 - line_file::line_bytes_max - 1;

} // namespace

std::string mistake_in(const file_line& line) {
    if (line.too_long)
        return fmt::format("it has more than {} bytes", line_file::line_bytes_max);
    const auto read = events::read_json(line.text);
    if (!read.mistake.empty())
        return fmt::format("{}, at byte {}", read.mistake, read.offset + 1);
    return read.kind == events::json_kind::object ? "" : "it is not a JSON object";
}

line_batch next_batch(line_file& file, std::size_t lines_max,
                      const std::function<void(const file_line&, std::string)>& left_out) {
    line_batch batch;
    while (batch.events < lines_max && batch.body.size() < body_bytes_max) {
        const auto line = file.next();
        if (!line) {
            batch.at_end = true;
            break;
        }
        batch.read_to = line->number;
        if (auto mistake = mistake_in(*line); !mistake.empty()) {
            left_out(*line, std::move(mistake));
            continue;
        }
        if (batch.events++ == 0)
            batch.first = line->number;
        batch.last = line->number;
        batch.body += line->text;
        batch.body += '\n';
    }
    return batch;
}

} // namespace app
