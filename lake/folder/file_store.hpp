// The single files of a folder, for code that publishes, settles or takes back: this is all that it needs
// from the storage service. `folder` implements it; tests have one in memory.
// Tested by tests/unit/archive/settle/publisher_writes_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "azure/blob/blob_client.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/folder/treatment.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace lake {

using async::awaitable;

// Text as the bytes of a body, and back.
[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span(text));
}
[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class file_store {
  public:
    virtual ~file_store() = default;

    // What is known without a request: the name of a day's file, whether a directory has it by the last
    // listing, where the folder lies, and how long a row of a file may be, in bytes of CSV.
    [[nodiscard]] virtual std::string name_of(const file_key& key) const = 0;
    [[nodiscard]] virtual bool is_directory(const file_key& key) const = 0;
    [[nodiscard]] virtual place where() const = 0;
    [[nodiscard]] virtual std::uint64_t row_limit(const listed_file& file) const noexcept = 0;

    // One file as it is now; nullopt if it does not exist.
    [[nodiscard]] virtual awaitable<std::optional<listed_file>> look(std::string name) = 0;
    // Streams bytes [from, to), to the end without `to`, of exactly this version of a file. Throws conflict
    // if it is no longer there, and async::error(precondition) with the file's name if the sink throws
    // csv::row_too_large.
    [[nodiscard]] virtual awaitable<void> read_range(std::string name, azure::etag version,
                                                     std::uint64_t from, std::optional<std::uint64_t> to,
                                                     azure::body_sink sink) = 0;
    [[nodiscard]] awaitable<void> read(std::string name, azure::etag version, std::uint64_t from,
                                       azure::body_sink sink) {
        return read_range(std::move(name), std::move(version), from, std::nullopt, std::move(sink));
    }
    // The properties of a file that a commit has to repeat. Its index tags cost a request, if it has any.
    [[nodiscard]] virtual awaitable<azure::content_headers> content_of(azure::blob_properties file) = 0;

    // As azure::blob_client has them: what is passed by reference must outlive the call, and the last three
    // make one try each and throw azure::storage_error.
    [[nodiscard]] virtual awaitable<std::optional<azure::block_list>>
    committed_blocks(std::string_view name) = 0;
    [[nodiscard]] virtual awaitable<void> put_block(std::string_view name, std::string_view block_id,
                                                    std::span<const std::span<const std::byte>> body,
                                                    std::uint64_t crc, std::string_view encryption_scope) = 0;
    [[nodiscard]] virtual awaitable<azure::written> put_block_list(std::string_view name,
                                                                   std::span<const std::string> ids,
                                                                   const azure::content_headers& content,
                                                                   const azure::metadata& values,
                                                                   const azure::condition& when) = 0;
    [[nodiscard]] virtual awaitable<azure::written>
    set_metadata(std::string_view name, const azure::metadata& values, const azure::condition& when) = 0;
    [[nodiscard]] virtual awaitable<void> remove(std::string_view name, const azure::condition& when) = 0;

  protected:
    file_store() = default;
    file_store(const file_store&) = default;
    file_store& operator=(const file_store&) = default;
};

} // namespace lake
