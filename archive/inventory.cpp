#include "archive/inventory.hpp"

#include "archive/side_copy.hpp"
#include "azure/metadata.hpp"

namespace archive {

namespace {

std::string_view name_alone(const lake_file& file) {
    const std::string_view name = file.properties.name;
    return name.substr(name.rfind('/') + 1); // npos + 1 is 0
}

} // namespace

std::string_view to_string(file_state state) noexcept {
    switch (state) {
    case file_state::final:
        return "final";
    case file_state::pending:
        return "pending";
    case file_state::held:
        return "held";
    case file_state::restored:
        return "restored";
    case file_state::foreign:
        return "foreign";
    case file_state::unreadable:
        break;
    }
    return "unreadable";
}

archived_file describe_file(const lake_file& file, std::string_view now) {
    archived_file found{file.key().which, file.properties.name};
    found.bytes = file.properties.size;
    // Listings do not say until when a blob is immutable.
    const auto treated = choose_treatment(file.properties, file.mark, {}, std::chrono::sys_seconds::max());
    found.treated = treated.what;
    found.interrupted = key_of_side_copy(name_alone(file)).has_value();
    found.changed = azure::modified_at(file.properties);
    found.tier = file.properties.access_tier;
    const auto& mark = file.mark.mark;
    if (!mark) {
        found.state = file.mark.mistake.empty() ? file_state::foreign : file_state::unreadable;
        found.note = file.mark.mistake.empty() ? "others wrote it" : file.mark.mistake;
        if (found.interrupted)
            found.note = "a copy: its conversion to a block blob was interrupted";
        else if (found.treated == treatment::convert)
            found.note = "an append blob";
        else if (treated.because)
            found.note = treated.because->why;
        return found;
    }
    if (mark->now.bytes != file.properties.size) {
        found.state = file_state::foreign;
        found.note = "others wrote to it";
        return found;
    }
    found.rows = mark->now.rows;
    found.csv_bytes = file.compressed() ? mark->now.uncompressed : mark->now.bytes;
    if (mark->pending) {
        found.state = file_state::pending;
        found.rows_pending = mark->now.rows - (mark->base ? mark->base->rows : 0);
    } else if (mark->restoring) {
        found.state = file_state::pending;
        found.rows_pending = mark->now.rows;
        found.note = "on their way back into the table";
    } else if (mark->restored) {
        found.state = file_state::restored;
        found.note = mark->held_until > now ? "back in the table, on hold until " + mark->held_until
                                            : "back in the table";
    } else if (mark->held_until > now) {
        found.state = file_state::held;
        found.note = "until " + mark->held_until;
    }
    if (treated.because && found.note.empty())
        found.note = treated.because->why;
    return found;
}

inventory take_inventory(const file_map& files, const day_range& days, std::string_view now) {
    inventory all;
    for (const auto& [key, file] : files)
        if (auto found = describe_file(file, now); days.contains(found.which))
            all.files.push_back(std::move(found));
    std::optional<day> before;
    for (const auto& file : all.files) {
        if (!before || *before != file.which)
            ++all.days;
        if (before && file.which.number() > before->number() + 1)
            all.gaps.push_back({day::from_number(before->number() + 1).value(),
                                day::from_number(file.which.number() - 1).value()});
        before = file.which;
        all.rows += file.rows.value_or(0);
        all.bytes += file.bytes;
        all.csv_bytes += file.csv_bytes.value_or(0);
        all.pending += file.state == file_state::pending ? 1 : 0;
    }
    return all;
}

} // namespace archive
