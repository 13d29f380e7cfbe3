// gzip (RFC 1952) with ISA-L: day files are compressed one member per append, so that a file stays
// appendable, its tail can be taken away again, and any gunzip reads it.
//
// ISA-L compresses. The members are ours because ISA-L has no member that is written in parts. Replace this
// when ISA-L has one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace csv {

// A member on its way: what its trailer will say.
struct gzip_member {
    std::uint32_t crc = 0;
    std::uint64_t size = 0; // of the uncompressed bytes
    bool begun = false;
};

// Writes members in parts. A part ends on a byte boundary and refers to nothing before it, so between two
// parts of one member the same compressor may write parts of others; a member costs no memory meanwhile.
class gzip_compressor {
  public:
    using byte_sink = std::function<void(std::span<const std::byte>)>;

    gzip_compressor();
    ~gzip_compressor();
    gzip_compressor(const gzip_compressor&) = delete;
    gzip_compressor& operator=(const gzip_compressor&) = delete;

    // One part: begin, any number of writes, end. The sink gets the compressed bytes, valid for the call.
    void begin_part(gzip_member& member, const byte_sink& sink);
    void write(gzip_member& member, std::span<const std::byte> bytes, const byte_sink& sink);
    void end_part(const byte_sink& sink);
    // After the last part.
    static void end_member(gzip_member& member, const byte_sink& sink);

  private:
    struct state;
    void compress(std::uint16_t flush, const byte_sink& sink);

    std::unique_ptr<state> state_;
};

// Reads any number of members, fed in pieces cut anywhere.
class gzip_expander {
  public:
    gzip_expander();
    ~gzip_expander();
    gzip_expander(const gzip_expander&) = delete;
    gzip_expander& operator=(const gzip_expander&) = delete;

    // `bytes` must stay valid until `next` has returned an empty piece.
    void feed(std::span<const std::byte> bytes) noexcept;
    // The next uncompressed bytes, at most 64 KiB, valid until the next call; empty once all that was fed is
    // used up. Throws std::invalid_argument for anything that is not gzip, or whose checksum is wrong.
    [[nodiscard]] std::span<const std::byte> next();
    // Call at the end of the input. Throws std::invalid_argument if it ended inside a member.
    void finish() const;

  private:
    struct state;
    std::unique_ptr<state> state_;
    bool between_members_ = true;
};

} // namespace csv
