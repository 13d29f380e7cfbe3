// How PostgreSQL writes the two kinds of fields by which a row belongs to a table and a day: its keys and its
// time. COPY reads other spellings too (007, 5 March 2024), but then equal values have different bytes, and
// rows are compared by their bytes. Pure functions.
#pragma once

#include <string_view>

namespace lake {

// Whether `text` is a key as PostgreSQL writes a value of `type` ("integer", "text", "uuid", …, as
// format_type names it). For any other type each text is valid.
[[nodiscard]] bool is_written_key(std::string_view type, std::string_view text) noexcept;

enum class written_time : unsigned char { of_day, of_other_day, none };
// "2024-02-29 23:59:59.999", with or without "+00": the session that writes it is in UTC, and the column may
// have had a zone when it did. `day` is its first ten characters if it is of that day.
[[nodiscard]] written_time judge_time(std::string_view day, std::string_view text) noexcept;

} // namespace lake
