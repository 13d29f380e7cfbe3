// The service's XML: the few documents we read and the one we write.
#pragma once

#include "azure/blob/metadata.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace azure {

struct listing {
    std::vector<std::string> folders; // with a delimiter: names up to it, it included
    std::string next_marker;
};

// Throw async::error(unclassified) on anything that is not the expected document: never a partial result,
// except that `take` may have got some of the blobs. It gets ETags with their quotes restored.
[[nodiscard]] listing parse_listing(std::string_view xml, const std::function<void(blob_properties)>& take);
[[nodiscard]] std::vector<block> parse_committed_blocks(std::string_view xml);
// <Code> and <Message> of an error document; both empty if it is not one.
struct error_document {
    std::string code;
    std::string message;
};
[[nodiscard]] error_document parse_error(std::string_view xml) noexcept;

// The body of Put Block List: each id as <Latest>, in final order.
[[nodiscard]] std::string block_list_document(std::span<const std::string> ids);

} // namespace azure
