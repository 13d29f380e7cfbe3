#include "archive/run/archive/prove.hpp"

#include "async/error.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <span>

namespace archive {

using async::failure;

awaitable<void> prove(const run_context& context, const day_file& file) {
    if (!file.has_tail())
        co_return;
    const auto from = file.base ? file.base->bytes : 0;
    std::uint64_t crc = 0;
    std::uint64_t bytes = 0;
    const azure::body_sink take = [&crc, &bytes](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        bytes += piece.size();
        co_return;
    };
    co_await context.lake.read(file.name, file.etag, from, take);
    if (crc != file.crc || bytes != file.bytes)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' reads back differently: {} bytes with CRC-64 {:016x} were sent, {} with"
                        " {:016x} are there",
                        file.name, file.bytes, file.crc, bytes, crc),
            "The storage or something before it changed the data. Nothing was deleted.");
    context.log.debug("day.proved", "the published rows were read back",
                      {{"day", file.which().text()}, {"blob", file.name}, {"bytes", bytes}});
}

} // namespace archive
