#include "archive/stage/file_rows.hpp"

#include "csv/dialect.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>

namespace archive {

using async::failure;

std::string as_copy_writes(std::string_view row) {
    row.remove_suffix(csv::ends_in_crlf(row) ? 2 : row.ends_with('\n') ? 1 : 0);
    auto text = row.find('"') == std::string_view::npos ? std::string(row) : csv::as_copy_quotes(row);
    return text += '\n';
}

async::error changed_by_others(std::string_view name) {
    return {failure::integrity,
            fmt::format("'{}' was changed by somebody else: it does not hold the rows that were"
                        " archived into it",
                        name),
            "Get the earlier version back (docs/runbook.md, \"A file was changed\"), or, if it is"
            " as it should be, run `event-archiver recover --keep FILE`."};
}

} // namespace archive
