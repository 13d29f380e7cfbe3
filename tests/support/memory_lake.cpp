#include "tests/support/memory_lake.hpp"

#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <utility>

namespace test_support {

using async::awaitable;

azure::storage_error memory_lake::no_answer() {
    async::error lost(async::failure::temporary, "the connection was lost");
    lost.set_outcome_unknown();
    return azure::storage_error(lost);
}

azure::storage_error memory_lake::refusal(unsigned status, std::string service_code) {
    const auto kind = azure::classify(status, service_code);
    auto message = fmt::format("{} {}", status, service_code);
    return {kind, std::move(message), status, std::move(service_code), "", ""};
}

void memory_lake::change_etag(blob& one) { one.properties.etag = fmt::format("\"{}\"", ++version_); }

memory_lake::blob& memory_lake::write(const std::string& name, std::string content, azure::metadata values) {
    auto& one = blobs[name];
    one.properties.name = name;
    one.properties.metadata = std::move(values);
    // Base64 of 24 raw bytes, as the service gives ids back.
    one.committed = {{fmt::format("{:0>32}", ++version_), content.size()}};
    one.content = std::move(content);
    change_etag(one);
    return one;
}

void memory_lake::copy(const std::string& name) {
    auto& one = blobs.at(name);
    write(name, one.content, one.properties.metadata);
}

lake::listed_file memory_lake::file(const std::string& name) const {
    const auto& one = blobs.at(name);
    auto properties = one.properties;
    properties.size = one.content.size();
    auto mark = lake::mark_from(properties.metadata);
    return {std::move(properties), std::move(mark)};
}

void memory_lake::begin(std::string_view request, std::string_view name) {
    requests.push_back(fmt::format("{} {}", request, name));
    if (before)
        before(requests.back());
}

void memory_lake::end() {
    if (after)
        after(requests.back());
}

void memory_lake::must_exist(const std::string& name) const {
    if (!has(name))
        throw refusal(404, "BlobNotFound");
}

void memory_lake::must_be(const std::string& name, const azure::condition& when) const {
    const auto found = blobs.find(name);
    if (when.wanted == azure::condition::kind::absent && found != blobs.end())
        throw refusal(409, "BlobAlreadyExists");
    if (when.wanted == azure::condition::kind::match &&
        (found == blobs.end() || found->second.properties.etag != when.etag))
        throw refusal(412, "ConditionNotMet");
}

awaitable<std::optional<lake::listed_file>> memory_lake::look(std::string name) {
    begin("look", name);
    std::optional<lake::listed_file> found;
    if (has(name))
        found = file(name);
    end();
    co_return found;
}

awaitable<void> memory_lake::read_range(std::string name, azure::etag version, std::uint64_t from,
                                        std::optional<std::uint64_t> to, azure::body_sink sink) {
    begin("read", name);
    if (!has(name) || blobs.at(name).properties.etag != version)
        throw lake::conflict(fmt::format("'{}' was changed by somebody else while it was read", name));
    const auto content = blobs.at(name).content;
    const auto bytes = std::as_bytes(std::span(content)).subspan(from, to.value_or(content.size()) - from);
    co_await sink(bytes);
    end();
}

awaitable<azure::content_headers> memory_lake::content_of(azure::blob_properties file) {
    co_return std::move(file.content);
}

awaitable<std::optional<azure::block_list>> memory_lake::committed_blocks(std::string_view name) {
    begin("committed_blocks", name);
    std::optional<azure::block_list> found;
    if (const auto one = blobs.find(std::string(name)); one != blobs.end())
        found = azure::block_list{one->second.committed, one->second.properties.etag};
    end();
    co_return found;
}

awaitable<void> memory_lake::put_block(std::string_view name, std::string_view block_id,
                                       std::span<const std::span<const std::byte>> body, std::uint64_t,
                                       std::string_view) {
    begin("put_block", name);
    auto& block = uncommitted_[std::string(name)][std::string(block_id)];
    block.clear();
    for (const auto piece : body)
        block += lake::text_of(piece);
    end();
    co_return;
}

awaitable<azure::written> memory_lake::put_block_list(std::string_view name, std::span<const std::string> ids,
                                                      const azure::content_headers& content,
                                                      const azure::metadata& values,
                                                      const azure::condition& when) {
    begin("put_block_list", name);
    const std::string key(name);
    must_be(key, when);
    std::map<std::string, std::string> known;
    if (const auto there = blobs.find(key); there != blobs.end()) {
        std::size_t at = 0;
        for (const auto& block : there->second.committed) {
            known[block.id] = there->second.content.substr(at, block.size);
            at += block.size;
        }
    }
    for (const auto& [id, bytes] : uncommitted_[key])
        known[id] = bytes;
    blob made;
    for (const auto& id : ids) {
        if (!known.contains(id))
            throw refusal(400, "InvalidBlockList");
        made.content += known[id];
        made.committed.push_back({id, known[id].size()});
    }
    made.properties.name = key;
    made.properties.content = content;
    made.properties.metadata = values;
    change_etag(made);
    uncommitted_.erase(key);
    const auto etag = made.properties.etag;
    blobs[key] = std::move(made);
    end();
    co_return azure::written{etag, {}};
}

awaitable<azure::written> memory_lake::set_metadata(std::string_view name, const azure::metadata& values,
                                                    const azure::condition& when) {
    begin("set_metadata", name);
    const std::string key(name);
    must_exist(key);
    must_be(key, when);
    auto& one = blobs.at(key);
    one.properties.metadata = values;
    change_etag(one);
    const auto etag = one.properties.etag;
    end();
    co_return azure::written{etag, {}};
}

awaitable<void> memory_lake::remove(std::string_view name, const azure::condition& when) {
    begin("remove", name);
    const std::string key(name);
    must_exist(key);
    must_be(key, when);
    blobs.erase(key);
    end();
    co_return;
}

} // namespace test_support
