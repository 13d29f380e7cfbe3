#include "archive/run/erase/matching_files.hpp"

#include "archive/table/file_header.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

namespace {

async::error not_as_known(const std::string& name, const std::string& why) {
    return {failure::integrity, fmt::format("'{}': {}", name, why),
            "Which rows it should have is not certain, so nothing was erased. Look with `event-archiver"
            " verify`, or leave that day out."};
}

async::error of_others(const std::string& name, std::uint64_t rows) {
    return {failure::precondition,
            fmt::format("'{}' has {} rows that match, and others wrote it or have written to it", name, rows),
            "Nothing was erased. Remove them from it by the means that wrote it, or leave that day out;"
            " `event-archiver list` shows such files as foreign."};
}

} // namespace

awaitable<std::vector<lake::file_key>> matching_files::choose(const run_transaction& opened) {
    auto read = co_await tools_.ledger.read();
    known_ = std::move(read);
    unrecorded_.clear();
    found_again_.clear();
    const auto ours = opened.table.named.in_mark();
    for (const auto& [name, entry] : known_) {
        const auto key = lake::key_of_file(name);
        if (!key || !request_.days.contains(key->which))
            continue;
        const auto there = opened.files.unpacked(*key);
        const auto* const file = there ? &*there : nullptr;
        if (file == nullptr && entry.word == lake::ledger_word::moved &&
            std::ranges::find(result_.missing, name) == result_.missing.end())
            result_.missing.emplace_back(name);
        const auto verdict = known_.verdict_on(entry, file);
        if (verdict != lake::ledger_verdict::as_known)
            throw not_as_known(file != nullptr ? file->properties.name : entry.file,
                               known_.sentence_of(verdict, entry));
        if (file != nullptr && known_.loss_of(entry.file) != nullptr) {
            found_again_.push_back(entry);
            found_again_.back().word = lake::ledger_word::found;
        }
        if (file != nullptr && is_as_marked(*file) && file->mark.mark->now.run != entry.now.run)
            unrecorded_.push_back(lake::entry_of(file->properties.name, *file->mark.mark,
                                                 file->properties.etag,
                                                 std::string(lake::ledger_word::erased)));
    }
    std::vector<lake::file_key> chosen;
    for (const auto& key : opened.files.keys_in(request_.days)) {
        const auto file = opened.files.unpacked(key).value();
        const auto& mark = file.mark.mark;
        if (mark && mark->table != ours)
            throw async::error(failure::precondition,
                               fmt::format("'{}' holds rows of table {}", file.properties.name, mark->table),
                               "Name that table with ARCHIVE_TABLE, or leave that day out.");
        if (!is_as_marked(file) || mark->now.rows > 0)
            chosen.push_back(key);
    }
    co_return chosen;
}

// What the ledger knows of a file without a mark, which others may have written again.
std::optional<lake::ledger_entry> matching_files::known_of(const lake::listed_file& file) const {
    auto entry = file.mark.mark ? std::nullopt : known_.find(lake::name_alone(file.properties.name));
    return entry && entry->now.rows > 0 ? std::move(entry) : std::nullopt;
}

awaitable<std::vector<found_file>> matching_files::find(const run_transaction& opened, file_judge& judge) {
    context_.report.enter(run_phase::verifying);
    context_.report.read_again();
    const auto chosen = co_await choose(opened);
    judge.know(known_.types());
    context_.report.files_planned = chosen.size();
    result_.files_read = std::max<std::uint64_t>(result_.files_read, chosen.size());
    std::vector<found_file> found;
    for (const auto& key : chosen) {
        const auto file = opened.files.unpacked(key).value();
        const auto clean = clean_.find(key);
        if (clean != clean_.end() && clean->second == file.properties.etag) {
            ++context_.report.files_done;
            continue;
        }
        judged_sink nothing;
        const auto known = known_of(file);
        auto seen = co_await judge.read(file, std::move(nothing), known ? &known->now : nullptr);
        if (!seen.begins_as_recorded)
            throw not_as_known(file.properties.name,
                               known_.sentence_of(lake::ledger_verdict::altered, *known));
        if (seen.matching == 0)
            clean_[key] = file.properties.etag;
        else
            found.push_back({opened.files.find(key), std::move(seen)});
        ++context_.report.files_done;
    }
    context_.report.read_again();
    co_return found;
}

awaitable<void> matching_files::must_be_erasable(const std::vector<found_file>& found) {
    std::vector<const lake::listed_file*> written;
    for (const auto& each : found) {
        if (!is_as_marked(*each.file))
            throw of_others(each.file->properties.name, each.seen.matching);
        written.push_back(each.file);
    }
    if (written.empty())
        co_return;
    co_await check_.container_must_be_changeable();
    co_await check_.must_be_writable(written, "written again without those rows");
    for (const auto* file : written)
        co_await tools_.restores.must_be_emptiable(*file);
}

awaitable<bool> matching_files::convert(const run_transaction& opened, const std::vector<found_file>& found) {
    std::vector<const lake::listed_file*> files;
    for (const auto& each : found)
        files.push_back(each.file);
    return convert_append_blobs(tools_, opened, std::move(files), append_content::is_as_marked);
}

awaitable<void> matching_files::record_found_again() {
    co_await tools_.ledger.record(std::exchange(found_again_, {}), context_.log);
}

awaitable<void> matching_files::record_unrecorded() {
    if (!unrecorded_.empty())
        co_await tools_.lease.ready_to_write();
    co_await tools_.ledger.record(std::exchange(unrecorded_, {}), context_.log);
}

} // namespace archive
