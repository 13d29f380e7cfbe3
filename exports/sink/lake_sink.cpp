#include "exports/sink/lake_sink.hpp"

#include "async/error.hpp"
#include "exports/sink/lake_draft.hpp"
#include "lake/folder/treatment.hpp"
#include "lake/ledger/ledger.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace exports {

namespace {

bool is_export(std::string_view name) { return file_name::from_text(name).has_value(); }

stored_file described(const azure::blob_properties& blob, const std::string& name) {
    stored_file found;
    found.name = name;
    found.bytes = blob.size;
    found.changed = azure::modified_at(blob).value_or(std::chrono::sys_seconds{});
    const auto mark = lake::mark_from(blob.metadata);
    found.pending = !mark.mistake.empty() || (mark.mark && mark.mark->pending);
    found.version = blob.etag;
    return found;
}

// Somebody may have written the file again and kept its metadata.
void must_be_whole(const lake::listed_file& file) {
    const auto& marked = file.mark.mark->now;
    if (file.properties.size != marked.bytes)
        throw async::error(
            async::failure::integrity,
            fmt::format("{} rows were deleted for '{}', and somebody has changed it since: it was {} bytes, "
                        "and is {}",
                        marked.rows, file.properties.name, marked.bytes, file.properties.size),
            "Put the file back as it was: it is the only copy of these rows. If it cannot be had, move away "
            "what is"
            " there; `event-archiver recover --exports --keep FILE` then lets the task go on.");
}

} // namespace

lake_sink::lake_sink(lake::folder& folder, const lake::placement& where, async::retry_context& retries,
                     std::size_t memory_bytes, std::size_t parallel, std::string run_id)
    : lake_(folder)
    , placement_(where)
    , pending_(folder, retries)
    , lease_(folder, retries, "exports-lock", std::move(run_id))
    , retries_(retries)
    , memory_bytes_(memory_bytes)
    , parallel_(parallel)
    , place_(fmt::format("lake {}/{}", folder.client().container(), folder.prefix())) {}

awaitable<std::unique_ptr<draft>> lake_sink::begin(file_name first, std::string nonce) {
    std::set<std::string, std::less<>> taken;
    const auto blobs = co_await lake_.blobs(is_export);
    for (const auto& blob : blobs)
        taken.insert(blob.name.substr(lake_.prefix().size()));
    auto name = std::move(first);
    while (taken.contains(name.text()))
        name = name.next();
    co_return std::make_unique<lake_draft>(lake_, pending_, placement_, retries_, name.text(), nonce,
                                           memory_bytes_, parallel_);
}

awaitable<std::vector<stored_file>> lake_sink::files(std::string task) {
    const auto blobs = co_await lake_.present_blobs(is_export);
    std::map<file_name, stored_file> found;
    if (!blobs)
        co_return std::vector<stored_file>();
    for (const auto& blob : *blobs) {
        const auto text = blob.name.substr(lake_.prefix().size());
        const auto name = file_name::from_text(text);
        if (name && name->task == task)
            found.emplace(*name, described(blob, text));
    }
    std::vector<stored_file> files;
    for (auto& [name, file] : found)
        files.push_back(std::move(file));
    co_return files;
}

awaitable<std::optional<stored_file>> lake_sink::find(std::string name) {
    if (!file_name::from_text(name))
        co_return std::nullopt;
    const auto now = co_await lake_.look(lake_.prefix() + name);
    if (!now)
        co_return std::nullopt;
    co_return described(now->properties, name);
}

awaitable<void> lake_sink::read(stored_file file, std::uint64_t begin, std::uint64_t end, byte_sink to) {
    co_await lake_.read_range(lake_.prefix() + file.name, file.version, begin, end, std::move(to));
}

awaitable<std::vector<unsettled_file>> lake_sink::unsettled() {
    const auto blobs = co_await lake_.present_blobs(is_export);
    std::vector<unsettled_file> found;
    if (!blobs)
        co_return found;
    for (const auto& blob : *blobs) {
        const auto text = blob.name.substr(lake_.prefix().size());
        const auto name = file_name::from_text(text);
        const auto mark = lake::mark_from(blob.metadata);
        if (!name || (mark.mistake.empty() && !(mark.mark && mark.mark->pending)))
            continue;
        unsettled_file file;
        file.name = text;
        file.place = text;
        file.mistake = mark.mistake;
        if (mark.mark)
            file.mark = from_lake(*mark.mark);
        if (const auto evidence = blob.metadata.find(evidence_name); evidence != blob.metadata.end())
            file.mark.evidence = evidence->second;
        if (file.mistake.empty() && file.mark.task != name->task)
            file.mistake = "its mark names another task than its file name";
        file.mark.task = name->task;
        found.push_back(std::move(file));
    }
    co_return found;
}

awaitable<std::optional<stored_file>> lake_sink::file_of(unsettled_file file) {
    std::optional<stored_file> found;
    const auto now = co_await lake_.look(lake_.prefix() + file.place);
    if (now && pending_on(*now, file.mark.author))
        found = described(now->properties, file.place);
    co_return found;
}

awaitable<bool> lake_sink::keep(unsettled_file file) {
    auto now = co_await lake_.look(lake_.prefix() + file.place);
    if (!now)
        co_return false;
    now->properties.metadata.erase(evidence_name);
    if (pending_on(*now, file.mark.author)) { // otherwise another run has settled it
        must_be_whole(*now);
        lake::ledger book(lake_);
        std::vector<lake::ledger_entry> entries;
        entries.push_back(
            lake::entry_of(now->properties.name, *now->mark.mark, now->properties.etag, "settled"));
        co_await book.record(std::move(entries), retries_.log);
        co_await pending_.keep(*now);
    }
    co_return true;
}

// The mark was removed with the file.
awaitable<void> lake_sink::forget(unsettled_file) { co_return; }

awaitable<void> lake_sink::remove(unsettled_file file) {
    const auto now = co_await lake_.look(lake_.prefix() + file.place);
    if (now && pending_on(*now, file.mark.author))
        co_await pending_.remove(*now);
}

awaitable<std::string> lake_sink::obstacle() {
    try {
        // A container that does not exist yet is created with the first file.
        const auto container = co_await lake_.client().look_at_container();
        if (const auto forbidden = container ? lake::obstacle_of(*container, lake_.where()) : std::nullopt)
            co_return forbidden->why;
        // The request with which each export begins: a look at the container alone does not show that this
        // identity may read.
        (void)co_await lake_.present_blobs(is_export);
        co_return std::string();
    } catch (const async::error& failed) {
        co_return failed.message();
    }
}

} // namespace exports
