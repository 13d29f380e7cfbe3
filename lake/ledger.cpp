#include "lake/ledger.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/crc64.hpp"
#include "db/position.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

namespace lake {

using async::fault_point;

namespace {

constexpr int appends_max = 20; // each failed because another writer was faster
constexpr std::size_t append_max = std::size_t{4} << 20;

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

// The value of a member of a flat object whose strings need no escapes.
std::optional<std::string_view> member(std::string_view line, std::string_view name) {
    const auto key = fmt::format("\"{}\":", name);
    const auto at = line.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;
    auto rest = line.substr(at + key.size());
    const bool quoted = rest.starts_with('"');
    rest.remove_prefix(quoted ? 1 : 0);
    const auto end = rest.find_first_of(quoted ? "\"" : ",}");
    if (end == std::string_view::npos)
        return std::nullopt;
    return rest.substr(0, end);
}

bool read_count(std::string_view line, std::string_view name, std::uint64_t& into, int base = 10) {
    const auto text = member(line, name);
    if (!text || text->empty())
        return false;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), into, base);
    return failed == std::errc() && end == text->data() + text->size();
}

// Of a string that stands in JSON as it is.
std::string without_escapes(std::string text) {
    std::erase_if(text, [](unsigned char c) { return c == '"' || c == '\\' || c < ' '; });
    return text;
}

bool came_less_far(const file_record& one, const file_record& other) noexcept {
    return db::compare_histories(other.position, one.position) == db::history::behind;
}

bool same_write(const file_record& one, const file_record& other) noexcept {
    return one.run == other.run && one.transaction == other.transaction;
}

std::uint64_t hash_of(const file_record& write) {
    const auto text = fmt::format("{} {}", write.run, write.transaction);
    return azure::crc64(0, std::as_bytes(std::span(text)));
}

// Whether the file was written before what the ledger knows last.
bool is_earlier(const file_record& write, const ledger_entry& known) noexcept {
    const auto history = db::compare_histories(known.now.position, write.position);
    return history == db::history::behind ||
           (history == db::history::foreign && std::ranges::count(known.earlier, hash_of(write)) > 0);
}

} // namespace

ledger_entry entry_of(std::string_view blob, const file_mark& mark, azure::etag etag, std::string word) {
    ledger_entry entry;
    entry.file = last_part(blob);
    entry.now.rows = mark.now.rows;
    entry.now.bytes = mark.now.bytes;
    entry.now.crc = mark.now.crc;
    entry.now.run = mark.now.run;
    entry.now.transaction = mark.now.transaction;
    entry.now.position = mark.now.position;
    entry.etag = std::move(etag);
    entry.word = std::move(word);
    return entry;
}

bool is_decision(const ledger_entry& entry) noexcept {
    return entry.word == ledger_word::taken_back || entry.word == ledger_word::removed ||
           entry.word == ledger_word::emptied || entry.word == ledger_word::kept ||
           entry.word == ledger_word::moved || entry.word == ledger_word::erased;
}

std::string ledger_line(const ledger_entry& entry, std::string_view time) {
    const auto etag = without_escapes(entry.etag);
    const auto by =
        entry.by.empty() ? std::string() : fmt::format(",\"by\":\"{}\"", without_escapes(entry.by));
    const auto& now = entry.now;
    return fmt::format(
        "{{\"time\":\"{}\",\"what\":\"{}\",\"file\":\"{}\",\"rows\":{},\"bytes\":{},\"crc\":\"{:016x}\","
        "\"run\":\"{}\",\"xid\":\"{}\",\"cluster\":\"{}\",\"database\":\"{}\",\"timeline\":{},\"lsn\":{},"
        "\"etag\":\"{}\"{}}}\n",
        time, entry.word, entry.file, now.rows, now.bytes, now.crc, now.run, now.transaction,
        now.position.cluster, now.position.database, now.position.timeline, now.position.lsn, etag, by);
}

std::optional<ledger_entry> entry_from(std::string_view line) {
    ledger_entry entry;
    auto& now = entry.now;
    const auto file = member(line, "file");
    const auto run = member(line, "run");
    const auto transaction = member(line, "xid");
    std::uint64_t timeline = 0;
    if (!line.ends_with('}') || !file || file->empty() || !run || !transaction ||
        !read_count(line, "rows", now.rows) || !read_count(line, "bytes", now.bytes) ||
        !read_count(line, "crc", now.crc, 16) || !read_count(line, "timeline", timeline) ||
        !read_count(line, "lsn", now.position.lsn))
        return std::nullopt;
    entry.file = *file;
    now.run = *run;
    now.transaction = *transaction;
    now.position.timeline = static_cast<std::uint32_t>(timeline);
    now.position.cluster = member(line, "cluster").value_or("");
    now.position.database = member(line, "database").value_or("");
    entry.etag = member(line, "etag").value_or("");
    entry.word = member(line, "what").value_or("");
    entry.by = member(line, "by").value_or("");
    return entry;
}

void note_entry(ledger_state& known, ledger_entry entry) {
    const auto found = known.find(entry.file);
    if (found == known.end()) {
        known.emplace(entry.file, std::move(entry));
        return;
    }
    auto& last = found->second;
    if (is_decision(entry) || !came_less_far(entry.now, last.now))
        std::swap(last, entry);
    else
        entry.earlier.clear();
    // `entry` is the earlier one by now.
    auto earlier = std::move(entry.earlier);
    if (!same_write(entry.now, last.now))
        earlier.push_back(hash_of(entry.now));
    last.earlier.insert(last.earlier.end(), earlier.begin(), earlier.end());
}

ledger_verdict compare_with_ledger(const ledger_entry& known, const listed_file* found) noexcept {
    if (found == nullptr)
        return known.now.rows > 0 ? ledger_verdict::missing : ledger_verdict::as_known;
    if (known.now.rows == 0) {
        // No row of it can be missed. But an earlier version that came back has rows that were erased.
        const bool came_back = known.word == ledger_word::erased && found->mark.mark &&
                               found->mark.mark->now.rows > 0 && is_earlier(found->mark.mark->now, known);
        return came_back ? ledger_verdict::older : ledger_verdict::as_known;
    }
    if (!found->mark.mark) // others wrote it, or its mark is spoiled, which is told elsewhere
        return found->mark.mistake.empty() && found->properties.size < known.now.bytes
                   ? ledger_verdict::altered
                   : ledger_verdict::as_known;
    const auto& mark = *found->mark.mark;
    if (same_write(mark.now, known.now))
        return mark.now.bytes == known.now.bytes && mark.now.crc == known.now.crc &&
                       found->properties.size >= known.now.bytes
                   ? ledger_verdict::as_known
                   : ledger_verdict::altered;
    if (mark.pending && mark.base && same_write(*mark.base, known.now)) // it was about to be taken back
        return ledger_verdict::as_known;
    return is_earlier(mark.now, known) ? ledger_verdict::older : ledger_verdict::as_known;
}

std::string describe(ledger_verdict verdict, const ledger_entry& known) {
    const auto is = verdict == ledger_verdict::missing ? "the file is not there"
                    : verdict == ledger_verdict::older ? "the file is an earlier version"
                                                       : "others have written to the file";
    auto text = fmt::format("the ledger knows {} rows, {} bytes of transaction {}, and {}", known.now.rows,
                            known.now.bytes, known.now.transaction, is);
    if (verdict == ledger_verdict::missing)
        text += fmt::format("; if it was moved away on purpose, run `event-archiver recover --discard {}`",
                            known.file);
    return text;
}

// Others may append at the same time, so it is tried again with a fresh look.
awaitable<void> ledger::append_text(std::string name, std::string text) {
    auto& client = lake_.client();
    for (int tries = 1;; ++tries) {
        if (name != written_) {
            const auto there = co_await client.properties(name);
            if (!there) {
                co_await client.ensure_append_blob(name, lake_.encryption_scope());
                continue;
            }
            written_ = name;
            etag_ = there->etag;
        }
        const auto when = azure::condition::match(etag_);
        bool changed = false;
        try {
            etag_ = co_await client.append_block(name, text, when, lake_.encryption_scope());
        } catch (const azure::storage_error& failed) {
            written_.clear();
            changed = failed.status() == 412 || failed.status() == 404;
            if (!changed || tries == appends_max)
                throw;
        }
        if (!changed)
            co_return;
    }
}

awaitable<void> ledger::append(std::vector<ledger_entry> entries) {
    // The service's clock: months are read in the order of their names, whoever wrote them.
    const auto ahead = lake_.client().clock_ahead().value_or(std::chrono::seconds(0));
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() + ahead);
    const auto time = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
    const auto name =
        fmt::format("{}{}ledger-{}.jsonl", lake_.prefix(), bookkeeping_folder, time.substr(0, 7));
    std::string text;
    for (const auto& entry : entries) {
        const auto line = ledger_line(entry, time);
        if (text.size() + line.size() > append_max) {
            co_await append_text(name, text);
            text.clear();
        }
        text += line;
    }
    if (!text.empty())
        co_await append_text(name, std::move(text));
    fault_point("ledger-written");
}

awaitable<void> ledger::record(std::vector<ledger_entry> entries, async::log& log) {
    if (entries.empty())
        co_return;
    try {
        co_await append(std::move(entries));
    } catch (const async::error& failed) {
        if (failed.kind() == async::failure::temporary)
            throw;
        log.warn("ledger.failed",
                 "the ledger could not be written: `verify` will not notice if these files are lost",
                 {{"error.message", failed.what()}});
    }
}

awaitable<ledger_state> ledger::read(std::string since) {
    ledger_state known;
    const auto months = co_await lake_.bookkeeping();
    for (const auto& month : months) {
        const auto name = last_part(month.name);
        constexpr std::string_view ledger_of = "ledger-";
        if (!name.starts_with(ledger_of) || !name.ends_with(".jsonl"))
            continue;
        if (name.substr(ledger_of.size(), since.size()) < since)
            continue;
        std::string rest;
        const azure::body_sink take = [&known, &rest](std::span<const std::byte> piece) -> awaitable<void> {
            rest += text_of(piece);
            std::size_t from = 0;
            for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', from)) {
                if (auto entry = entry_from(std::string_view(rest).substr(from, end - from)))
                    note_entry(known, std::move(*entry));
                from = end + 1;
            }
            rest.erase(0, from);
            co_return;
        };
        // A run that appends meanwhile gives it another ETag: what was there when it was listed is enough.
        const azure::etag any;
        co_await lake_.client().read(month.name, any, 0, month.size, take);
    }
    co_return known;
}

} // namespace lake
