#include "events/journal/segments/frame.hpp"

#include "events/journal/error.hpp"
#include "events/journal/segments/little_endian.hpp"

#include <fmt/format.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>

namespace events {

namespace {

constexpr std::string_view magic{"EALOG\0\1\0", 8};
constexpr std::size_t header_crc_at = segment_header_bytes - 4;
constexpr std::size_t summed_from = 8; // of a frame

std::uint32_t crc32c(std::string_view prefix, std::string_view bytes, std::string_view more = {}) {
    std::uint32_t sum = 0xFFFFFFFF;
    for (const auto part : {prefix, bytes, more}) // it reads only, whatever its type says
        sum = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(part.data())), // NOLINT
                          static_cast<int>(part.size()), sum);
    return ~sum;
}

void put_varint(std::string& to, std::uint64_t value) {
    constexpr unsigned more = 0x80;
    while (value >= more) {
        to += static_cast<char>((value & 0x7fU) | more);
        value >>= 7U;
    }
    to += static_cast<char>(value);
}

void put_text(std::string& to, std::string_view text) {
    put_varint(to, text.size());
    to += text;
}

journal_error too_large(std::size_t events, std::size_t bytes) {
    return {
        journal_failure::too_large,
        fmt::format(
            "{} events of {} bytes together, with their headers, cannot be appended at once: {} bytes can",
            events, bytes, frame_bytes_max - frame_header_bytes),
        "Send fewer at a time."};
}

// Reads a payload; every `take` says whether there was one.
class payload_reader {
  public:
    explicit payload_reader(std::string_view payload)
        : rest_(payload) {}

    bool take(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80U)
                return true;
        }
        return false;
    }
    bool take(std::uint64_t length, std::string_view& text) {
        if (length > rest_.size())
            return false;
        text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }
    bool take(std::string_view& text) {
        std::uint64_t length = 0;
        return take(length) && take(length, text);
    }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  private:
    std::string_view rest_;
};

bool take_event(payload_reader& from, event* to) {
    std::uint64_t key = 0;
    std::uint64_t headers = 0;
    std::string_view text;
    if (!from.take(key) || (key > 0 && !from.take(key - 1, text)))
        return false;
    if (to != nullptr && key > 0)
        to->key.emplace(text);
    if (!from.take(headers) || headers > from.left())
        return false;
    for (std::uint64_t each = 0; each < headers; ++each) {
        std::string_view name;
        if (!from.take(name) || !from.take(text))
            return false;
        if (to != nullptr)
            to->headers.push_back({std::string(name), std::string(text)});
    }
    if (!from.take(text))
        return false;
    if (to != nullptr)
        to->value = text;
    return true;
}

bool append_events(const frame& from_frame, position from, std::size_t memory_max,
                   std::vector<recorded_event>& to) {
    std::size_t bytes = 0;
    payload_reader reader(from_frame.payload);
    for (position at = from_frame.header.first; at < from_frame.header.end(); ++at) {
        if (at < from) {
            if (!take_event(reader, nullptr))
                return false;
            continue;
        }
        recorded_event next{at, from_frame.header.time, {}};
        if (!take_event(reader, &next.content))
            return false;
        bytes += memory_of(next);
        to.push_back(std::move(next));
        if (bytes >= memory_max)
            return true;
    }
    return reader.at_end();
}

} // namespace

std::string to_string(const log_id& id) {
    std::string text;
    for (std::size_t byte = 0; byte < id.size(); ++byte) {
        if (byte == 4 || byte == 6 || byte == 8 || byte == 10)
            text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned>(id.at(byte)));
    }
    return text;
}

std::optional<log_id> log_id_from(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    log_id id{};
    std::size_t nibbles = 0;
    for (const char letter : text) {
        if (letter == '-')
            continue;
        const auto digit = digits.find(letter);
        if (digit == std::string_view::npos || nibbles == 2 * id.size())
            return std::nullopt;
        auto& byte = id.at(nibbles++ / 2);
        byte = (byte << 4U) | static_cast<std::byte>(digit);
    }
    return nibbles == 2 * id.size() && to_string(id) == text ? std::optional(id) : std::nullopt;
}

std::string encode(const segment_header& header) {
    std::string bytes(magic);
    for (const auto byte : header.id)
        bytes += static_cast<char>(byte);
    put(bytes, header.first);
    put(bytes, std::int64_t{header.created.time_since_epoch().count()});
    bytes.resize(header_crc_at);
    put(bytes, crc32c({}, bytes));
    return bytes;
}

std::optional<segment_header> decode_segment_header(std::string_view bytes) {
    if (bytes.size() < segment_header_bytes || !bytes.starts_with(magic) ||
        get<std::uint32_t>(bytes, header_crc_at) != crc32c({}, bytes.substr(0, header_crc_at)))
        return std::nullopt;
    segment_header header;
    std::memcpy(header.id.data(), bytes.data() + magic.size(), header.id.size());
    const auto first_at = magic.size() + header.id.size();
    header.first = get<std::int64_t>(bytes, first_at);
    header.created = event_time(std::chrono::microseconds(get<std::int64_t>(bytes, first_at + 8)));
    return header.first < 0 ? std::nullopt : std::optional(header);
}

std::string frame_prefix(const segment_header& segment) {
    std::string bytes;
    for (const auto byte : segment.id)
        bytes += static_cast<char>(byte);
    put(bytes, segment.first);
    return bytes;
}

std::string encode_events(const event_batch& events) {
    constexpr std::size_t varint_bytes_max = 10;
    std::size_t bytes_max = 0;
    for (std::size_t at = 0; at < events.size(); ++at) {
        const auto each = events[at];
        bytes_max += 3 * varint_bytes_max + each.value.size() + (each.key ? each.key->size() : 0);
        for (const auto& one : each.headers)
            bytes_max += 2 * varint_bytes_max + one.name.size() + one.value.size();
    }
    if (bytes_max > 2 * frame_bytes_max) // before memory is taken for it
        throw too_large(events.size(), bytes_max);
    std::string payload;
    payload.reserve(std::min(bytes_max, frame_bytes_max));
    for (std::size_t at = 0; at < events.size(); ++at) {
        const auto each = events[at];
        put_varint(payload, each.key ? each.key->size() + 1 : 0);
        if (each.key)
            payload += *each.key;
        put_varint(payload, each.headers.size());
        for (const auto& one : each.headers) {
            put_text(payload, one.name);
            put_text(payload, one.value);
        }
        put_text(payload, each.value);
    }
    if (payload.size() > frame_bytes_max - frame_header_bytes)
        throw too_large(events.size(), payload.size());
    return payload;
}

void append_frame_header(std::string& to, std::string_view prefix, const frame_header& header,
                         std::string_view payload) {
    const auto begin = to.size();
    put(to, static_cast<std::uint32_t>(frame_header_bytes - 4 + payload.size()));
    put(to, std::uint32_t{0});
    put(to, header.first);
    put(to, std::int64_t{header.time.time_since_epoch().count()});
    put(to, header.count);
    put(to, header.flags);
    std::string sum;
    put(sum, crc32c(prefix, std::string_view(to).substr(begin + summed_from), payload));
    to.replace(begin + 4, 4, sum);
}

void append_frame(std::string& to, std::string_view prefix, const frame_header& header,
                  std::string_view payload) {
    append_frame_header(to, prefix, header, payload);
    to += payload;
}

std::optional<frame_header> read_frame_header(std::string_view bytes) {
    if (bytes.size() < frame_header_bytes)
        return std::nullopt;
    frame_header header;
    header.bytes = std::uint64_t{4} + get<std::uint32_t>(bytes, 0);
    header.checksum = get<std::uint32_t>(bytes, 4);
    header.first = get<std::int64_t>(bytes, 8);
    header.time = event_time(std::chrono::microseconds(get<std::int64_t>(bytes, 16)));
    header.count = get<std::uint32_t>(bytes, 24);
    header.flags = get<std::uint32_t>(bytes, 28);
    const bool can_be = header.bytes >= frame_header_bytes && header.bytes <= frame_bytes_max &&
                        header.first >= 0 && header.count > 0 && header.count <= header.bytes &&
                        header.flags <= frame_header::begins_group;
    return can_be ? std::optional(header) : std::nullopt;
}

frame decode_frame(std::string_view bytes, std::string_view prefix) {
    frame found;
    if (bytes.size() < frame_header_bytes) {
        found.state = frame_state::cut_short;
        return found;
    }
    const auto header = read_frame_header(bytes);
    if (!header)
        return found;
    found.header = *header;
    if (header->bytes > bytes.size()) {
        found.state = frame_state::cut_short;
        return found;
    }
    if (crc32c(prefix, bytes.substr(summed_from, header->bytes - summed_from)) != header->checksum)
        return found;
    found.state = frame_state::whole;
    found.payload = bytes.substr(frame_header_bytes, header->bytes - frame_header_bytes);
    return found;
}

bool decode_events(const frame& from_frame, position from, std::vector<recorded_event>& to,
                   std::size_t memory_max) {
    const auto had = static_cast<std::ptrdiff_t>(to.size());
    if (append_events(from_frame, from, memory_max, to))
        return true;
    to.erase(to.begin() + had, to.end());
    return false;
}

} // namespace events
