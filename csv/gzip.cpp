#include "csv/gzip.hpp"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

namespace csv {

namespace {

constexpr std::size_t output_bytes = std::size_t{64} << 10;

// ISA-L does not write through these pointers, it only lacks the const.
std::uint8_t* input_pointer(std::span<const std::byte> bytes) noexcept {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}

void put_little_endian(std::uint32_t value, std::uint8_t* to) noexcept {
    for (int byte = 0; byte < 4; ++byte)
        to[byte] = static_cast<std::uint8_t>(value >> (8 * byte));
}

void begin_member(gzip_member& member, const gzip_compressor::byte_sink& sink) {
    if (std::exchange(member.begun, true))
        return;
    // RFC 1952, 2.3: deflate, no flags, no time of modification, unknown operating system.
    constexpr std::array<std::uint8_t, 10> header{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
    sink(as_bytes(header.data(), header.size()));
}

} // namespace

struct gzip_compressor::state {
    isal_zstream stream;
    std::vector<std::uint8_t> level_buffer = std::vector<std::uint8_t>(ISAL_DEF_LVL2_DEFAULT);
    std::array<std::uint8_t, output_bytes> output;
};

gzip_compressor::gzip_compressor()
    : state_(new state) {
    isal_deflate_init(&state_->stream);
    state_->stream.level = 2;
    state_->stream.level_buf = state_->level_buffer.data();
    state_->stream.level_buf_size = static_cast<std::uint32_t>(state_->level_buffer.size());
    state_->stream.gzip_flag = IGZIP_DEFLATE; // header and trailer are ours: a member spans many parts
}

gzip_compressor::~gzip_compressor() = default;

void gzip_compressor::begin_part(gzip_member& member, const byte_sink& sink) {
    begin_member(member, sink);
    isal_deflate_reset(&state_->stream);
}

void gzip_compressor::write(gzip_member& member, std::span<const std::byte> bytes, const byte_sink& sink) {
    while (!bytes.empty()) {
        const auto part =
            bytes.first(std::min<std::size_t>(bytes.size(), std::numeric_limits<std::uint32_t>::max()));
        member.crc =
            crc32_gzip_refl(member.crc, reinterpret_cast<const unsigned char*>(part.data()), part.size());
        member.size += part.size();
        state_->stream.next_in = input_pointer(part);
        state_->stream.avail_in = static_cast<std::uint32_t>(part.size());
        compress(NO_FLUSH, sink);
        bytes = bytes.subspan(part.size());
    }
}

void gzip_compressor::end_part(const byte_sink& sink) {
    state_->stream.next_in = nullptr;
    state_->stream.avail_in = 0;
    compress(FULL_FLUSH, sink);
}

void gzip_compressor::compress(std::uint16_t flush, const byte_sink& sink) {
    auto& stream = state_->stream;
    stream.end_of_stream = 0;
    stream.flush = flush;
    do {
        stream.next_out = state_->output.data();
        stream.avail_out = output_bytes;
        if (isal_deflate(&stream) != COMP_OK)
            throw std::logic_error("ISA-L refused its own settings");
        if (const auto made = output_bytes - stream.avail_out; made > 0)
            sink(as_bytes(state_->output.data(), made));
    } while (stream.avail_out == 0 || stream.avail_in > 0);
}

void gzip_compressor::end_member(gzip_member& member, const byte_sink& sink) {
    begin_member(member, sink);
    // An empty last block (RFC 1951, 3.2.6), then the trailer: CRC-32 and size modulo 2^32.
    std::array<std::uint8_t, 10> trailer{0x03, 0x00};
    put_little_endian(member.crc, trailer.data() + 2);
    put_little_endian(static_cast<std::uint32_t>(member.size), trailer.data() + 6);
    sink(as_bytes(trailer.data(), trailer.size()));
}

struct gzip_expander::state {
    inflate_state stream;
    std::array<std::uint8_t, output_bytes> output;
};

gzip_expander::gzip_expander()
    : state_(new state) {
    isal_inflate_init(&state_->stream);
    state_->stream.crc_flag = ISAL_GZIP;
}

gzip_expander::~gzip_expander() = default;

void gzip_expander::feed(std::span<const std::byte> bytes) noexcept {
    state_->stream.next_in = input_pointer(bytes);
    state_->stream.avail_in = static_cast<std::uint32_t>(bytes.size());
}

std::span<const std::byte> gzip_expander::next() {
    auto& stream = state_->stream;
    for (;;) {
        if (between_members_) {
            if (stream.avail_in == 0)
                return {};
            isal_inflate_reset(&stream);
            between_members_ = false;
        }
        stream.next_out = state_->output.data();
        stream.avail_out = output_bytes;
        switch (isal_inflate(&stream)) {
        case ISAL_DECOMP_OK:
        case ISAL_END_INPUT:
        case ISAL_OUT_OVERFLOW:
            break;
        case ISAL_INCORRECT_CHECKSUM:
            throw std::invalid_argument("a gzip member whose checksum is wrong");
        case ISAL_INVALID_WRAPPER:
        case ISAL_UNSUPPORTED_METHOD:
            throw std::invalid_argument("something that is not gzip");
        default:
            throw std::invalid_argument("damaged gzip data");
        }
        between_members_ = stream.block_state == ISAL_BLOCK_FINISH;
        if (const auto made = output_bytes - stream.avail_out; made > 0)
            return as_bytes(state_->output.data(), made);
        if (!between_members_ && stream.avail_in == 0)
            return {};
    }
}

void gzip_expander::finish() const {
    if (!between_members_)
        throw std::invalid_argument("a gzip member without its end");
}

} // namespace csv
