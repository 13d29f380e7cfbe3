// `%(export_boundary)s` and `%%` in the SQL of a task, by psycopg2's rule: a percent sign counts wherever it
// stands, in a comment or a quoted text too.
#pragma once

#include <string>
#include <string_view>

namespace exports {

struct bound_sql {
    std::string text;
    std::string mistake; // "line 3: …"; empty if the text is right
};

// `boundary` takes the place of each `%(export_boundary)s`, and `%%` becomes `%`.
[[nodiscard]] bound_sql bind_boundary(std::string_view sql, std::string_view boundary);

} // namespace exports
