#include "lake/folder/tail_state.hpp"

#include <fmt/format.h>

namespace lake {

namespace {

constexpr std::string_view gone_hint =
    "Look for it among the container's deleted blobs, versions and snapshots, and put it back under its name "
    "(docs/runbook.md, \"A file is gone\").";

bool same_content(const file_record& one, const file_record& other) noexcept {
    return one.run == other.run && one.transaction == other.transaction && one.bytes == other.bytes &&
           one.crc == other.crc;
}

} // namespace

bool holds(const listed_file& file, const file_record& content) noexcept {
    return file.mark.mark && same_content(file.mark.mark->now, content) &&
           file.properties.size == content.bytes;
}

tail_state tail_state_of(const std::optional<listed_file>& now, const file_mark& published) noexcept {
    if (!now)
        return tail_state::absent;
    const auto& mark = now->mark.mark;
    if (holds(*now, published.now))
        return mark->pending ? tail_state::pending : tail_state::final;
    if (mark && mark->pending)
        return mark->base && same_content(*mark->base, published.now) ? tail_state::built_on
                                                                      : tail_state::other;
    return published.base && now->properties.size == published.base->bytes ? tail_state::as_before
                                                                           : tail_state::other;
}

async::error rows_gone(const std::string& name, const file_mark& published, gone_how how) {
    auto added = published.now.rows - (published.base ? published.base->rows : 0);
    if (added == 0) // rows that it had already were deleted from the table
        added = published.now.rows;
    return {
        async::failure::integrity,
        fmt::format("'{}' was {} by somebody else after its {} rows were committed as deleted from the table",
                    name, how == gone_how::deleted ? "deleted" : "replaced", added),
        std::string(gone_hint)};
}

async::error base_gone(const std::string& name, const file_mark& published) {
    return {async::failure::integrity,
            fmt::format("'{}' was deleted by somebody else: the {} rows it held before are in no file", name,
                        published.base ? published.base->rows : 0),
            std::string(gone_hint)};
}

} // namespace lake
