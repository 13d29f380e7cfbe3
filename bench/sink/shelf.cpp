#include "bench/sink/shelf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace bench {

namespace {

constexpr std::string_view last_modified = "Mon, 06 Oct 2025 08:49:37 GMT"; // nobody compares it
constexpr std::string_view metadata_prefix = "x-ms-meta-";
constexpr std::size_t page_max = 5'000;

answer refusal(unsigned status, std::string_view code) {
    answer made{status, {{"x-ms-error-code", std::string(code)}}, {}, 0};
    made.body = fmt::format(
        R"(<?xml version="1.0" encoding="utf-8"?><Error><Code>{}</Code><Message>said by the sink</Message></Error>)",
        code);
    return made;
}

std::string escaped(std::string_view text) {
    std::string made;
    for (const char c : text)
        switch (c) {
        case '&':
            made += "&amp;";
            break;
        case '<':
            made += "&lt;";
            break;
        case '>':
            made += "&gt;";
            break;
        default:
            made += c;
        }
    return made;
}

// The ids of a <BlockList>, whatever list they are to be taken from: the client names <Latest> only.
std::vector<std::string_view> named_blocks(std::string_view document) {
    constexpr std::string_view open = "<Latest>";
    constexpr std::string_view close = "</Latest>";
    std::vector<std::string_view> ids;
    for (auto at = document.find(open); at != std::string_view::npos; at = document.find(open, at)) {
        at += open.size();
        const auto end = std::min(document.find(close, at), document.size());
        ids.push_back(document.substr(at, end - at));
        at = end;
    }
    return ids;
}

std::shared_ptr<const std::string> kept(std::string& body, std::uint64_t size) {
    return body.size() == size ? std::make_shared<const std::string>(std::move(body)) : nullptr;
}

} // namespace

std::string_view question::asked(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view question::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t answer::size() const {
    std::uint64_t sum = body.size();
    for (const auto& part : pieces)
        sum += part.bytes.size();
    return sum;
}

std::uint64_t shelf::blob::size() const {
    std::uint64_t sum = 0;
    for (const auto& part : blocks)
        sum += part.size;
    return sum;
}

std::string shelf::blob::etag() const { return fmt::format("\"0x{:X}\"", version); }

header_list shelf::blob::state() const {
    return {{"ETag", etag()}, {"Last-Modified", std::string(last_modified)}};
}

void shelf::clear() {
    blobs_.clear();
    containers_.clear();
}

answer shelf::reply(question what) {
    if (what.blob.empty())
        return container(what);
    if (!containers_.contains(what.container))
        return refusal(404, "ContainerNotFound");
    const auto name = what.container + "/" + what.blob;
    const auto comp = what.asked("comp");
    if (what.method == "PUT" && comp == "block")
        return put_block(what, blobs_[name]);

    const auto found = blobs_.find(name);
    const bool exists = found != blobs_.end() && found->second.version > 0;
    if (what.header("if-none-match") == "*" && exists)
        return refusal(409, "BlobAlreadyExists");
    if (const auto expected = what.header("if-match");
        !expected.empty() && (!exists || found->second.etag() != expected))
        return refusal(412, "ConditionNotMet");
    if (what.method == "PUT" && comp == "lease")
        return lease(what, exists ? &found->second : nullptr);
    if (what.method == "PUT" && comp == "appendblock" && exists) {
        found->second.blocks.push_back({{}, what.body_size, kept(what.body, what.body_size)});
        return publish(what, found->second);
    }
    if (what.method == "PUT" && comp == "blocklist")
        return put_block_list(what, blobs_[name]);
    if (what.method == "PUT" && comp.empty())
        return publish(what, blobs_[name]);
    if (!exists)
        return refusal(404, "BlobNotFound");
    if (what.method == "PUT" && comp == "metadata")
        return publish(what, found->second);
    if (what.method == "HEAD")
        return properties_of(found->second);
    if (what.method == "GET" && comp == "blocklist")
        return block_list_of(found->second);
    if (what.method == "GET" && comp.empty() &&
        std::ranges::all_of(found->second.blocks, [](const auto& part) { return part.content != nullptr; }))
        return content_of(what, found->second);
    if (what.method == "DELETE") {
        blobs_.erase(found);
        return {202, {}, {}, 0};
    }
    return refusal(501, "NotImplemented"); // content that was thrown away above all
}

// "bytes=0-99" in Range or x-ms-range, or the whole.
answer shelf::content_of(const question& what, const blob& target) {
    const auto size = target.size();
    auto range = what.header("x-ms-range");
    if (range.empty())
        range = what.header("range");
    std::uint64_t first = 0;
    std::uint64_t end = size;
    if (const auto dash = range.find('-'); range.starts_with("bytes=") && dash != std::string_view::npos) {
        std::uint64_t last = size;
        std::from_chars(range.data() + 6, range.data() + dash, first);
        std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
        end = std::min(last, size - 1) + 1;
    }
    if (first >= size)
        return refusal(416, "InvalidRange");
    answer made{range.empty() ? 200U : 206U, target.state()};
    std::uint64_t at = 0;
    for (const auto& part : target.blocks) {
        const auto from = std::max(first, at);
        const auto to = std::min(end, at + part.size);
        if (from < to)
            made.pieces.push_back(
                {part.content, std::string_view(*part.content).substr(from - at, to - from)});
        at += part.size;
    }
    if (!range.empty())
        made.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", first, end - 1, size));
    return made;
}

// Each request gets it: one run at a time is measured.
answer shelf::lease(const question& what, const blob* target) {
    if (target == nullptr)
        return refusal(404, "BlobNotFound");
    const auto action = what.header("x-ms-lease-action");
    const auto id = what.header(action == "acquire" ? "x-ms-proposed-lease-id" : "x-ms-lease-id");
    answer made{action == "acquire" ? 201U : 200U, target->state()};
    made.headers.emplace_back("x-ms-lease-id", id);
    return made;
}

answer shelf::container(const question& what) {
    if (what.method == "PUT")
        return containers_.insert(what.container).second ? answer{201, {}, {}, 0}
                                                         : refusal(409, "ContainerAlreadyExists");
    if (!containers_.contains(what.container))
        return refusal(404, "ContainerNotFound");
    return what.asked("comp") == "list" ? list(what) : answer{200, {{"ETag", "\"0x1\""}}, {}, 0};
}

answer shelf::list(const question& what) const {
    const auto within = what.container + "/";
    const auto prefix = within + std::string(what.asked("prefix"));
    const auto from = std::max(prefix, within + std::string(what.asked("marker")));
    std::string blobs;
    std::string next;
    std::size_t count = 0;
    for (auto at = blobs_.lower_bound(from); at != blobs_.end() && at->first.starts_with(prefix); ++at) {
        const auto& [name, kept] = *at;
        if (kept.version == 0)
            continue;
        if (count++ == page_max) {
            next = name.substr(within.size());
            break;
        }
        std::string metadata;
        for (const auto& [header, value] : kept.headers)
            if (header.starts_with(metadata_prefix)) {
                const auto key = header.substr(metadata_prefix.size());
                metadata += fmt::format("<{0}>{1}</{0}>", key, escaped(value));
            }
        const auto type = kept.headers.find("content-type");
        blobs += fmt::format(
            "<Blob><Name>{}</Name><Properties><Last-Modified>{}</Last-Modified><Etag>0x{:X}</Etag>"
            "<Content-Length>{}</Content-Length><Content-Type>{}</Content-Type><BlobType>BlockBlob</BlobType>"
            "</Properties><Metadata>{}</Metadata></Blob>",
            escaped(std::string_view(name).substr(within.size())), last_modified, kept.version, kept.size(),
            type == kept.headers.end() ? "" : escaped(type->second), metadata);
    }
    answer made{200, {{"Content-Type", "application/xml"}}, {}, 0};
    made.body = fmt::format(R"(<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{}</Blobs>)"
                            "<NextMarker>{}</NextMarker></EnumerationResults>",
                            blobs, escaped(next));
    return made;
}

answer shelf::put_block(question& what, blob& target) {
    const std::string id(what.asked("blockid"));
    target.staged[id] = {id, what.body_size, kept(what.body, what.body_size)};
    return {201, {}, {}, 0};
}

// All blocks that were staged and are not named are gone afterwards.
answer shelf::put_block_list(const question& what, blob& target) {
    std::map<std::string_view, block> committed;
    for (const auto& part : target.blocks)
        committed.emplace(part.id, part);
    std::vector<block> blocks;
    for (const auto id : named_blocks(what.body)) {
        if (const auto staged = target.staged.find(id); staged != target.staged.end())
            blocks.push_back(staged->second);
        else if (const auto old = committed.find(id); old != committed.end())
            blocks.push_back(old->second);
        else
            return refusal(400, "InvalidBlockList");
    }
    target.blocks = std::move(blocks);
    target.staged.clear();
    return publish(what, target);
}

// Every write restates all metadata; what it omits is erased.
answer shelf::publish(const question& what, blob& target) {
    const bool only_metadata = what.asked("comp") == "metadata";
    std::erase_if(target.headers, [only_metadata](const auto& header) {
        return !only_metadata || header.first.starts_with(metadata_prefix);
    });
    for (const auto& [name, value] : what.headers) {
        if (name.starts_with(metadata_prefix))
            target.headers[name] = value;
        else if (name == "x-ms-blob-content-type")
            target.headers["content-type"] = value;
    }
    target.version = ++version_;
    return {only_metadata ? 200U : 201U, target.state()};
}

answer shelf::properties_of(const blob& target) {
    answer made{200, target.state()};
    made.headers.emplace_back("x-ms-blob-type", "BlockBlob");
    made.length = target.size();
    made.headers.insert(made.headers.end(), target.headers.begin(), target.headers.end());
    return made;
}

answer shelf::block_list_of(const blob& target) {
    std::string blocks;
    for (const auto& part : target.blocks)
        blocks += fmt::format("<Block><Name>{}</Name><Size>{}</Size></Block>", part.id, part.size);
    answer made{200,
                {{"ETag", target.etag()},
                 {"Content-Type", "application/xml"},
                 {"x-ms-blob-content-length", std::to_string(target.size())}},
                {},
                0};
    made.body = fmt::format(
        R"(<?xml version="1.0" encoding="utf-8"?><BlockList><CommittedBlocks>{}</CommittedBlocks></BlockList>)",
        blocks);
    return made;
}

} // namespace bench
