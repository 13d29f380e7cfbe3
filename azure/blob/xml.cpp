#include "azure/blob/xml.hpp"

#include "async/number.hpp"
#include "azure/blob/impl/xml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace azure {

namespace {

std::uint64_t number(xml_reader& reader) {
    const auto value = async::number_from<std::uint64_t>(reader.text());
    if (!value)
        reader.fail("a size is not a number");
    return *value;
}

// Names with characters that XML cannot hold come percent-encoded, marked by an attribute.
std::string percent_decoded(xml_reader& reader, std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded += text.front();
            text.remove_prefix(1);
            continue;
        }
        unsigned byte = 0;
        const auto digits = text.substr(1, 2);
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || failed != std::errc() || end != digits.data() + 2)
            reader.fail("a name is badly encoded");
        decoded += static_cast<char>(byte);
        text.remove_prefix(3);
    }
    return decoded;
}

std::string blob_name(xml_reader& reader) {
    const bool encoded = reader.has_attribute("Encoded", "true");
    auto name = reader.text();
    return encoded ? percent_decoded(reader, name) : name;
}

blob_type type_of(xml_reader& reader) {
    const auto text = reader.text();
    if (text == "BlockBlob")
        return blob_type::block;
    if (text == "AppendBlob")
        return blob_type::append;
    if (text != "PageBlob")
        reader.fail("a blob's type is unknown");
    return blob_type::page;
}

// Listings show ETags without the quotes that headers have.
std::string quoted(std::string tag) { return tag.starts_with('"') ? tag : "\"" + tag + "\""; }

// Whether the tier is merely the account's.
bool read_properties(xml_reader& reader, blob_properties& into) {
    bool tier_inferred = false;
    while (reader.next_child()) {
        const auto name = reader.name();
        if (name == "Etag")
            into.etag = quoted(reader.text());
        else if (name == "Content-Length")
            into.size = number(reader);
        else if (name == "BlobType")
            into.type = type_of(reader);
        else if (name == "Last-Modified")
            into.last_modified = reader.text();
        else if (name == "Content-Type")
            into.content.type = reader.text();
        else if (name == "Content-Encoding")
            into.content.encoding = reader.text();
        else if (name == "Content-Language")
            into.content.language = reader.text();
        else if (name == "Content-Disposition")
            into.content.disposition = reader.text();
        else if (name == "Cache-Control")
            into.content.cache_control = reader.text();
        else if (name == "AccessTier")
            into.access_tier = reader.text();
        else if (name == "ArchiveStatus")
            into.archive_status = reader.text();
        else if (name == "LeaseState")
            into.lease_state = reader.text();
        else if (name == "AccessTierInferred")
            tier_inferred = reader.text() == "true";
        else if (name == "EncryptionScope")
            into.content.encryption_scope = reader.text();
        else if (name == "TagCount")
            into.tag_count = number(reader);
        else if (name == "ResourceType")
            into.directory = reader.text() == "directory";
        else if (name == "LeaseDuration")
            into.lease_duration = reader.text();
        else
            reader.skip();
    }
    return tier_inferred;
}

metadata read_metadata(xml_reader& reader) {
    metadata values;
    while (reader.next_child()) {
        std::string name(reader.name());
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        values[name] = reader.text();
    }
    return values;
}

blob_properties read_blob(xml_reader& reader) {
    blob_properties blob;
    bool tier_inferred = false;
    while (reader.next_child()) {
        if (reader.name() == "Name")
            blob.name = blob_name(reader);
        else if (reader.name() == "Properties")
            tier_inferred = read_properties(reader, blob);
        else if (reader.name() == "Metadata")
            blob.metadata = read_metadata(reader);
        else
            reader.skip();
    }
    // Whatever else is missing has a meaning; a blob without these cannot be acted on.
    if (blob.name.empty() || blob.etag.empty())
        reader.fail("a blob lacks its name or ETag");
    complete(blob, tier_inferred);
    return blob;
}

std::string read_folder(xml_reader& reader) {
    std::string folder;
    while (reader.next_child()) {
        if (reader.name() == "Name")
            folder = blob_name(reader);
        else
            reader.skip(); // the properties of a real directory
    }
    return folder;
}

block read_block(xml_reader& reader) {
    block found;
    std::optional<std::uint64_t> size;
    while (reader.next_child()) {
        if (reader.name() == "Name")
            found.id = reader.text();
        else if (reader.name() == "Size")
            size = number(reader);
        else
            reader.skip();
    }
    if (found.id.empty() || !size)
        reader.fail("a block lacks its name or size");
    found.size = *size;
    return found;
}

} // namespace

listing parse_listing(std::string_view xml, const std::function<void(blob_properties)>& take) {
    xml_reader reader(xml, "EnumerationResults");
    listing found;
    bool complete = false;
    while (reader.next_child()) {
        if (reader.name() == "Blobs") {
            while (reader.next_child()) {
                if (reader.name() == "Blob")
                    take(read_blob(reader));
                else if (reader.name() == "BlobPrefix")
                    found.folders.push_back(read_folder(reader));
                else
                    reader.skip();
            }
        } else if (reader.name() == "NextMarker") {
            found.next_marker = reader.text();
            complete = true;
        } else {
            reader.skip();
        }
    }
    reader.finish();
    // Without it a cut-short listing would pass for a whole one.
    if (!complete)
        reader.fail("NextMarker is missing");
    return found;
}

std::vector<block> parse_committed_blocks(std::string_view xml) {
    xml_reader reader(xml, "BlockList");
    std::vector<block> blocks;
    while (reader.next_child()) {
        if (reader.name() != "CommittedBlocks") {
            reader.skip();
            continue;
        }
        while (reader.next_child()) {
            if (reader.name() != "Block")
                reader.fail("something other than a block is in the block list");
            blocks.push_back(read_block(reader));
        }
    }
    reader.finish();
    return blocks;
}

error_document parse_error(std::string_view xml) noexcept {
    try {
        xml_reader reader(xml, "Error");
        error_document found;
        while (reader.next_child()) {
            if (reader.name() == "Code")
                found.code = reader.text();
            else if (reader.name() == "Message")
                found.message = reader.text();
            else
                reader.skip();
        }
        reader.finish();
        return found;
    } catch (...) {
        return {}; // an error page of something on the way
    }
}

std::string block_list_document(std::span<const std::string> ids) {
    // Base64 needs no escaping. No white space within: the service would take it for part of an id.
    std::string document = R"(<?xml version="1.0" encoding="utf-8"?><BlockList>)";
    document.reserve(document.size() + ids.size() * 64);
    for (const auto& id : ids)
        document.append("<Latest>").append(id).append("</Latest>");
    document += "</BlockList>";
    return document;
}

} // namespace azure
