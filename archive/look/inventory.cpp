#include "archive/look/inventory.hpp"

#include "azure/blob/metadata.hpp"
#include "lake/folder/side_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace archive {

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
    case file_state::missing:
        return "missing";
    case file_state::altered:
        return "altered";
    case file_state::unreadable:
        break;
    }
    return "unreadable";
}

archived_file describe_file(const lake::listed_file& file, std::string_view now) {
    archived_file found{file.key().which, file.properties.name};
    found.bytes = file.properties.size;
    // Listings do not say until when a blob is immutable.
    const auto treated =
        lake::choose_treatment(file.properties, file.mark, {}, std::chrono::sys_seconds::max());
    found.treated = treated.treatment;
    found.interrupted = lake::key_of_side_copy(lake::name_alone(file.properties.name)).has_value();
    found.changed = azure::modified_at(file.properties);
    found.tier = file.properties.access_tier;
    const auto& mark = file.mark.mark;
    if (!mark) {
        found.state = file.mark.mistake.empty() ? file_state::foreign : file_state::unreadable;
        found.note = file.mark.mistake.empty() ? "others wrote it" : file.mark.mistake;
        if (found.interrupted)
            found.note = "a copy: its conversion to a block blob was interrupted";
        else if (found.treated == lake::treatment::convert)
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

std::vector<archived_file> differing_from_ledger(const lake::file_map& files, const lake::day_range& days,
                                                 const lake::ledger_state& known, std::string_view prefix) {
    std::map<lake::file_key, archived_file> found;
    for (const auto& [name, entry] : known) {
        const auto key = lake::key_of_file(name);
        if (!key || !days.contains(key->which))
            continue;
        const auto file = files.unpacked(*key);
        const auto verdict = known.verdict_on(entry, file ? &*file : nullptr);
        if (verdict == lake::ledger_verdict::as_known)
            continue;
        archived_file differing{key->which, fmt::format("{}{}", prefix, name)};
        if (file)
            differing = describe_file(*file);
        else
            differing.rows = entry.now.rows;
        differing.state = file ? file_state::altered : file_state::missing;
        differing.note = known.sentence_of(verdict, entry);
        found.emplace(*key, std::move(differing));
    }
    std::vector<archived_file> by_day;
    for (auto& [key, file] : found)
        by_day.push_back(std::move(file));
    return by_day;
}

inventory take_inventory(const lake::file_map& files, const lake::day_range& days, std::string_view now,
                         const lake::ledger_state& known, std::string_view prefix) {
    inventory all;
    const auto wanted = files.keys_in(days);
    all.files.reserve(wanted.size());
    for (const auto& key : wanted)
        all.files.push_back(describe_file(files.unpacked(key).value(), now));
    for (auto& differing : differing_from_ledger(files, days, known, prefix)) {
        const auto same = std::ranges::find(all.files, differing.name, &archived_file::name);
        ++all.lost;
        if (same != all.files.end() &&
            (same->state == file_state::foreign || same->state == file_state::unreadable))
            continue; // its state says as much
        if (same != all.files.end())
            *same = std::move(differing);
        else
            all.files.push_back(std::move(differing));
    }
    std::ranges::stable_sort(all.files, {}, [](const archived_file& file) { return file.which.number(); });
    std::optional<lake::day> before;
    for (const auto& file : all.files) {
        if (!before || *before != file.which)
            ++all.days;
        if (before && file.which.number() > before->number() + 1)
            all.gaps.push_back({lake::day::from_number(before->number() + 1).value(),
                                lake::day::from_number(file.which.number() - 1).value()});
        before = file.which;
        if (file.state != file_state::missing)
            all.rows += file.rows.value_or(0);
        all.bytes += file.bytes;
        all.csv_bytes += file.csv_bytes.value_or(0);
        all.pending += file.state == file_state::pending ? 1 : 0;
    }
    return all;
}

std::uint64_t inventory::gap_days() const noexcept {
    std::uint64_t missing = 0;
    for (const auto& gap : gaps)
        missing += static_cast<std::uint64_t>(gap.days());
    return missing;
}

} // namespace archive
