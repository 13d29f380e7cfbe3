// A folder of the lake in memory: versions, conditions and blocks as the service keeps them. A test may step
// in before a request, as somebody else who writes, or after it, as a network that loses the answer.
#pragma once

#include "lake/folder/file_store.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace test_support {

class memory_lake final : public lake::file_store {
  public:
    struct blob {
        std::string content;
        std::vector<azure::block> committed;
        azure::blob_properties properties; // but for its size
    };

    // "put_block_list events_2024-02-29.csv". What it throws is what the caller sees.
    using request_hook = std::function<void(const std::string& request)>;
    request_hook before; // the request has not arrived
    request_hook after;  // the request has taken effect

    // As somebody else would write: a file of one block, of another version than any before.
    blob& write(const std::string& name, std::string content, azure::metadata values = {});
    // The same bytes and metadata in one block of another id.
    void copy(const std::string& name);
    void change_etag(blob& one);
    [[nodiscard]] bool has(const std::string& name) const { return blobs.contains(name); }
    // As a look would show it now. The file must be there.
    [[nodiscard]] lake::listed_file file(const std::string& name) const;

    // For a hook to throw: the service's answer did not arrive, or it refused.
    [[nodiscard]] static azure::storage_error no_answer();
    [[nodiscard]] static azure::storage_error refusal(unsigned status, std::string service_code);

    std::map<std::string, blob> blobs; // files that have been committed
    std::vector<std::string> requests; // that were sent, in order
    std::set<lake::file_key> directories;

    [[nodiscard]] std::string name_of(const lake::file_key& key) const override {
        return "logs/" + key.which.file_name(key.compression);
    }
    [[nodiscard]] bool is_directory(const lake::file_key& key) const override {
        return directories.contains(key);
    }
    [[nodiscard]] lake::place where() const override { return {"account", "container"}; }
    [[nodiscard]] std::uint64_t row_limit(const lake::listed_file&) const noexcept override {
        return std::uint64_t{1} << 20;
    }

    [[nodiscard]] async::awaitable<std::optional<lake::listed_file>> look(std::string name) override;
    [[nodiscard]] async::awaitable<void> read_range(std::string name, azure::etag version, std::uint64_t from,
                                                    std::optional<std::uint64_t> to,
                                                    azure::body_sink sink) override;
    [[nodiscard]] async::awaitable<azure::content_headers> content_of(azure::blob_properties file) override;
    [[nodiscard]] async::awaitable<std::optional<azure::block_list>>
    committed_blocks(std::string_view name) override;
    [[nodiscard]] async::awaitable<void> put_block(std::string_view name, std::string_view block_id,
                                                   std::span<const std::span<const std::byte>> body,
                                                   std::uint64_t crc,
                                                   std::string_view encryption_scope) override;
    [[nodiscard]] async::awaitable<azure::written> put_block_list(std::string_view name,
                                                                  std::span<const std::string> ids,
                                                                  const azure::content_headers& content,
                                                                  const azure::metadata& values,
                                                                  const azure::condition& when) override;
    [[nodiscard]] async::awaitable<azure::written>
    set_metadata(std::string_view name, const azure::metadata& values, const azure::condition& when) override;
    [[nodiscard]] async::awaitable<void> remove(std::string_view name, const azure::condition& when) override;

  private:
    void begin(std::string_view request, std::string_view name);
    void end();
    // Throws what the service answers where the condition is not met.
    void must_be(const std::string& name, const azure::condition& when) const;
    void must_exist(const std::string& name) const;

    std::map<std::string, std::map<std::string, std::string>>
        uncommitted_; // blocks of files that are not there
    std::uint64_t version_ = 0;
};

} // namespace test_support
