#include "azure/blob/request.hpp"

#include "async/ascii.hpp"
#include "async/error.hpp"
#include "azure/percent_encoding.hpp"
#include "http/client/base64.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

namespace azure {

namespace {

std::string encoded_path(const account& owner, const request& request) {
    auto path = encode_path(owner.blob.path) + encode_path(request.path);
    return path.empty() ? "/" : path;
}

// The order in which the service signs x-ms- headers is a culture's: '_' before digits before letters. By
// bytes '_' stands between them, so `a_b` and `a1` would be the wrong way round and the signature refused.
bool signs_before(std::string_view one, std::string_view other) {
    const auto weight = [](char c) { return c == '_' ? '/' : c; }; // '/' is the byte before '0'
    return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end(),
                                        [&](char a, char b) { return weight(a) < weight(b); });
}

std::string canonicalized_headers(const request& request) {
    std::vector<std::pair<std::string_view, std::string_view>> signed_headers;
    for (const auto& [name, value] : request.headers)
        if (name.starts_with("x-ms-"))
            signed_headers.emplace_back(name, value);
    std::sort(signed_headers.begin(), signed_headers.end(),
              [](const auto& one, const auto& other) { return signs_before(one.first, other.first); });
    std::string text;
    for (const auto& [name, value] : signed_headers)
        text.append(name).append(":").append(async::trimmed(value)).append("\n");
    return text;
}

std::string canonicalized_resource(const account& owner, const request& request) {
    auto text = "/" + owner.name + encoded_path(owner, request);
    auto query = request.query;
    std::sort(query.begin(), query.end());
    for (const auto& [name, value] : query)
        text.append("\n").append(name).append(":").append(value);
    return text;
}

template <typename Shown>
std::string target(const account& owner, const request& request, Shown show_signature) {
    auto text = encoded_path(owner, request);
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        text += separator;
        text.append(name).append("=").append(encode_query_value(value));
        separator = '&';
    }
    if (const auto* signature = std::get_if<shared_access_signature>(&owner.credential)) {
        text += separator;
        text += show_signature(signature->query);
    }
    return text;
}

std::string redacted(std::string_view query) {
    std::string text;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = pair.find('=');
        if (!text.empty())
            text += '&';
        // A part without '=' could be a value that was torn off.
        text.append(equals == std::string_view::npos ? std::string_view() : pair.substr(0, equals + 1));
        text += "REDACTED";
    }
    return text;
}

void set_unless_empty(request& target, std::string name, const std::string& value) {
    if (!value.empty())
        target.headers.insert_or_assign(std::move(name), value);
}

} // namespace

std::string_view to_string(verb method) noexcept {
    switch (method) {
    case verb::get:
        return "GET";
    case verb::head:
        return "HEAD";
    case verb::put:
        return "PUT";
    case verb::del:
        return "DELETE";
    }
    return "GET";
}

std::size_t request::body_size() const noexcept {
    std::size_t size = 0;
    for (const auto& piece : body)
        size += piece.size();
    return size;
}

void set_condition(request& target, const condition& when) {
    if (when.wanted == condition::kind::match)
        target.headers.insert_or_assign("if-match", when.etag);
    else if (when.wanted == condition::kind::absent)
        target.headers.insert_or_assign("if-none-match", "*");
}

void set_metadata(request& target, const metadata& values) {
    // A line break in a value would be another header.
    const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
    const auto is_in_name = [](char c) { return is_unreserved(c) && !(c >= 'A' && c <= 'Z'); };
    for (const auto& [name, value] : values) {
        if (name.empty() || !std::all_of(name.begin(), name.end(), is_in_name))
            throw async::error(async::failure::precondition,
                               "a metadata name has characters that are not supported");
        if (!std::all_of(value.begin(), value.end(), is_printable))
            throw async::error(async::failure::precondition,
                               "the value of metadata '" + name + "' has characters that are not supported");
        target.headers.insert_or_assign("x-ms-meta-" + name, value);
    }
}

void set_content(request& target, const content_headers& content) {
    set_unless_empty(target, "x-ms-blob-content-type", content.type);
    set_unless_empty(target, "x-ms-blob-content-encoding", content.encoding);
    set_unless_empty(target, "x-ms-blob-content-language", content.language);
    set_unless_empty(target, "x-ms-blob-content-disposition", content.disposition);
    set_unless_empty(target, "x-ms-blob-cache-control", content.cache_control);
    set_unless_empty(target, "x-ms-access-tier", content.access_tier);
    set_unless_empty(target, "x-ms-encryption-scope", content.encryption_scope);
    set_unless_empty(target, "x-ms-tags", tags_header(content.tags));
}

std::string request_target(const account& owner, const request& request) {
    // A SAS goes out verbatim: it is encoded already.
    return target(owner, request, [](const std::string& query) { return query; });
}

std::string redacted_target(const account& owner, const request& request) {
    return target(owner, request, [](const std::string& query) { return redacted(query); });
}

// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
std::string string_to_sign(const account& owner, const request& request) {
    // In this order; x-ms-date stands in for Date, whose line stays empty.
    constexpr std::array<std::string_view, 11> standard{"content-encoding",
                                                        "content-language",
                                                        "content-length",
                                                        "content-md5",
                                                        "content-type",
                                                        "date",
                                                        "if-modified-since",
                                                        "if-match",
                                                        "if-none-match",
                                                        "if-unmodified-since",
                                                        "range"};
    std::string text(to_string(request.method));
    text += '\n';
    for (const auto name : standard) {
        const auto size = request.body_size();
        const auto found = request.headers.find(std::string(name));
        if (name == "content-length")
            text += size == 0 ? "" : std::to_string(size);
        else if (found != request.headers.end())
            text += found->second;
        text += '\n';
    }
    return text + canonicalized_headers(request) + canonicalized_resource(owner, request);
}

std::string shared_key_authorization(const account& owner, const shared_key& key, const request& request) {
    const auto text = string_to_sign(owner, request);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.key.data(), static_cast<int>(key.key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) == nullptr)
        throw async::error(async::failure::internal, "computing HMAC-SHA256 failed");
    return "SharedKey " + owner.name + ":" + http::base64_encode({digest.data(), size});
}

} // namespace azure
