#include "lake/write/mark_write.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <utility>

namespace lake {

namespace {

awaitable<azure::etag> try_to_mark(file_store& files, const mark_write& write) {
    async::fault_point(write.point_before);
    const auto when = azure::condition::match(write.version);
    azure::etag now;
    try {
        now = (co_await files.set_metadata(write.name, write.values, when)).etag;
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404 || write.gone == mark_write::where_gone::is_looked_at)
            throw;
        throw conflict(fmt::format("'{}' was removed by somebody else", write.name));
    }
    async::fault_point(write.point_behind);
    co_return now;
}

} // namespace

awaitable<azure::etag> write_mark(file_store& files, async::retry_context& retries, mark_write write) {
    conditional_write conditional;
    conditional.doing = write.doing;
    conditional.send = [&files, &write] { return try_to_mark(files, write); };
    conditional.look = write.look;
    co_return co_await write_until_known(retries, std::move(conditional));
}

awaitable<conditional_write::observed> look_for_write(file_store& files, std::string name,
                                                      azure::etag version,
                                                      std::function<bool(const listed_file&)> is_written) {
    const auto now = co_await files.look(name);
    auto state = blob_state::otherwise;
    if (now && is_written(*now))
        state = blob_state::as_written;
    else if (now && now->properties.etag == version)
        state = blob_state::as_before;
    co_return conditional_write::observed{state, now ? now->properties.etag : azure::etag()};
}

} // namespace lake
