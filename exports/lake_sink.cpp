#include "exports/lake_sink.hpp"

#include "archive/conditional_write.hpp"
#include "archive/fault_point.hpp"
#include "archive/staging.hpp"
#include "azure/block_id.hpp"
#include "azure/crc64.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <set>

namespace exports {

namespace {

using archive::fault_point;
using async::failure;

bool pending_on(const archive::lake_file& file, const archive::transaction_mark& by) {
    const auto& mark = file.mark.mark;
    return mark && mark->pending && mark->now.transaction == by.transaction && mark->now.run == by.run;
}

stored_file described(const azure::blob_properties& blob, const std::string& name) {
    stored_file found;
    found.name = name;
    found.bytes = blob.size;
    found.changed = azure::modified_at(blob).value_or(std::chrono::sys_seconds{});
    const auto mark = archive::mark_from(blob.metadata);
    found.pending = !mark.mistake.empty() || (mark.mark && mark.mark->pending);
    found.version = blob.etag;
    return found;
}

class lake_draft : public draft {
  public:
    lake_draft(archive::lake& folder, archive::publisher& writer, async::retry_context& retries,
               std::string name, const std::string& nonce, std::size_t memory_bytes, std::size_t parallel)
        : lake_(folder)
        , publisher_(writer)
        , retries_(retries)
        , name_(std::move(name))
        , blob_(lake_.prefix() + name_)
        , ids_(nonce)
        , memory_bytes_(memory_bytes)
        , parallel_(parallel) {}

    [[nodiscard]] std::size_t block_size() const override {
        return archive::block_size_target(staged_.size(), memory_bytes_, parallel_);
    }

    awaitable<void> write(std::vector<std::byte> bytes) override {
        if (staged_.size() >= archive::blocks_max)
            throw async::error(failure::precondition,
                               fmt::format("'{}' would need more than {} blocks", blob_, archive::blocks_max),
                               "Raise ARCHIVE_MEMORY, which lets blocks be larger.");
        fault_point("before-put-block");
        staged_.push_back(ids_.next());
        const std::array<std::span<const std::byte>, 1> pieces{std::span<const std::byte>(bytes)};
        const auto crc = azure::crc64(0, bytes);
        co_await lake_.client().put_block(blob_, staged_.back(), pieces, crc);
        fault_point("after-put-block");
    }

    awaitable<void> finish() override { co_return; }

    awaitable<void> prepare(file_mark mark) override {
        by_ = mark.by;
        mark_ = for_lake(mark);
        mark_.now.blocks = staged_.size();
        const auto values = archive::metadata_with(mark_, {});
        azure::content_headers content;
        content.type = "application/gzip";
        const auto when = azure::condition::absent();
        archive::conditional_write what;
        what.doing = fmt::format("publishing '{}'", blob_);
        what.send = [&]() -> awaitable<azure::etag> {
            fault_point("before-publish");
            const auto done = co_await lake_.client().put_block_list(blob_, staged_, content, values, when);
            fault_point("after-publish");
            co_return done.etag;
        };
        what.look = [this]() { return see(); };
        tried_ = true;
        etag_ = co_await archive::write_until_known(retries_, std::move(what));
    }

    awaitable<void> finalise() override {
        archive::lake_file file;
        file.properties.name = blob_;
        file.properties.etag = etag_;
        file.properties.metadata = archive::metadata_with(mark_, {});
        file.mark.mark = mark_;
        co_await publisher_.keep(file);
    }

    awaitable<void> take_back() override {
        // Staged blocks that no list names are invisible, and the service discards them.
        if (!tried_)
            co_return;
        const auto now = co_await lake_.look(blob_);
        if (now && pending_on(*now, by_))
            co_await publisher_.remove(*now);
    }

    [[nodiscard]] std::string name() const override { return name_; }

  private:
    using observed = archive::conditional_write::observed;

    awaitable<observed> see() {
        const auto now = co_await lake_.look(blob_);
        observed seen;
        if (!now) {
            seen.state = archive::blob_state::as_before;
            co_return seen;
        }
        seen.etag = now->properties.etag;
        if (pending_on(*now, by_))
            seen.state = archive::blob_state::as_written;
        co_return seen;
    }

    archive::lake& lake_;
    archive::publisher& publisher_;
    async::retry_context& retries_;
    std::string name_;
    std::string blob_; // with the folder
    azure::block_ids ids_;
    std::size_t memory_bytes_;
    std::size_t parallel_;
    std::vector<std::string> staged_;
    archive::transaction_mark by_;
    archive::file_mark mark_;
    azure::etag etag_;
    bool tried_ = false; // the block list may have been committed
};

} // namespace

lake_sink::lake_sink(archive::lake& folder, async::retry_context& retries, std::size_t memory_bytes,
                     std::size_t parallel)
    : lake_(folder)
    , publisher_(folder, retries)
    , retries_(retries)
    , memory_bytes_(memory_bytes)
    , parallel_(parallel)
    , place_(fmt::format("lake {}/{}", folder.client().container(), folder.prefix())) {}

awaitable<std::unique_ptr<draft>> lake_sink::begin(file_name first, std::string nonce) {
    std::set<std::string, std::less<>> taken;
    const auto blobs = co_await lake_.blobs();
    for (const auto& blob : blobs)
        taken.insert(blob.name.substr(lake_.prefix().size()));
    auto name = std::move(first);
    while (taken.contains(name.text()))
        name = name.next();
    co_return std::make_unique<lake_draft>(lake_, publisher_, retries_, name.text(), nonce, memory_bytes_,
                                           parallel_);
}

awaitable<std::vector<stored_file>> lake_sink::files(std::string task) {
    const auto blobs = co_await lake_.present_blobs();
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

awaitable<void> lake_sink::read(stored_file file, byte_sink to) {
    co_await lake_.read(lake_.prefix() + file.name, file.version, 0, std::move(to));
}

awaitable<std::vector<unsettled_file>> lake_sink::unsettled() {
    const auto blobs = co_await lake_.present_blobs();
    std::vector<unsettled_file> found;
    if (!blobs)
        co_return found;
    for (const auto& blob : *blobs) {
        const auto text = blob.name.substr(lake_.prefix().size());
        const auto name = file_name::from_text(text);
        const auto mark = archive::mark_from(blob.metadata);
        if (!name || (mark.mistake.empty() && !(mark.mark && mark.mark->pending)))
            continue;
        unsettled_file file;
        file.name = text;
        file.place = text;
        file.mistake = mark.mistake;
        if (mark.mark)
            file.mark = from_lake(*mark.mark);
        if (file.mistake.empty() && file.mark.task != name->task)
            file.mistake = "it is of another task than its name says";
        file.mark.task = name->task;
        found.push_back(std::move(file));
    }
    co_return found;
}

awaitable<bool> lake_sink::keep(unsettled_file file) {
    const auto now = co_await lake_.look(lake_.prefix() + file.place);
    if (!now)
        co_return false;
    if (pending_on(*now, file.mark.by)) // else somebody has settled it since
        co_await publisher_.keep(*now);
    co_return true;
}

awaitable<void> lake_sink::remove(unsettled_file file) {
    const auto now = co_await lake_.look(lake_.prefix() + file.place);
    if (now && pending_on(*now, file.mark.by))
        co_await publisher_.remove(*now);
}

} // namespace exports
