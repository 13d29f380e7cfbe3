// A page of a listing with its blobs beside each other.
#pragma once

#include "azure/blob/blob_client.hpp"
#include "azure/blob/xml.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace azure::rig {

struct whole_listing {
    std::vector<blob_properties> blobs;
    std::vector<std::string> folders;
    std::string next_marker;
};

inline whole_listing parse_listing(std::string_view xml) {
    whole_listing whole;
    auto read =
        azure::parse_listing(xml, [&whole](blob_properties blob) { whole.blobs.push_back(std::move(blob)); });
    whole.folders = std::move(read.folders);
    whole.next_marker = std::move(read.next_marker);
    return whole;
}

inline async::awaitable<whole_listing> listed(blob_client& client, std::string prefix, std::string marker) {
    whole_listing whole;
    const blob_sink take = [&whole](blob_properties blob) { whole.blobs.push_back(std::move(blob)); };
    auto page = co_await client.list(prefix, marker, take);
    whole.folders = std::move(page.folders);
    whole.next_marker = std::move(page.next_marker);
    co_return whole;
}

} // namespace azure::rig
