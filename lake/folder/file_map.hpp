// The day files of a folder. A listing may have a hundred thousand of them, of which a run treats a few: each
// is kept packed, in 256 bytes at most where the archiver wrote it, and unpacked when it is asked for.
// Unpacked, a file takes 4 KiB.
// Tested by tests/unit/lake/folder/file_map_test.cpp and tests/integration/test_large_folders.py.
#pragma once

#include "lake/day_range.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/packed_texts.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace lake {

// The bytes that a packed file takes at most, its place in the map included.
inline constexpr std::size_t packed_file_bytes = 256;

// What a run asks of every file of the folder. Answered without unpacking the file.
enum class file_trait : std::uint8_t {
    mistaken = 1, // it has a mark of ours that cannot be read
    pending = 2,
    awaiting = 4, // it waits for a transaction: pending, or being restored
    restored = 8,
    held = 16, // a hold is recorded, whether or not it has run out
};

// By day, a plain file before a compressed one. Not safe for two threads at a time, even to read.
class file_map {
  public:
    // An entry that a loop gets: made for this step of the loop, and destroyed with it. Use `find` for a file
    // that must stay.
    struct entry {
        file_key key;
        listed_file file;
    };
    class iterator;

    file_map() = default;
    file_map(file_map&&) = default;
    file_map& operator=(file_map&&) = default;
    file_map(const file_map&) = delete;
    file_map& operator=(const file_map&) = delete;
    ~file_map() = default;

    // Adds a file of a listing: its mark is parsed from the metadata. Replaces a file of that key.
    void add(const file_key& key, const azure::blob_properties& properties);
    // Adds a file unpacked, with the mark that it has. Does nothing if there is a file of that key.
    void emplace(const file_key& key, listed_file file);
    void erase(const file_key& key);
    // Takes the files of these keys out of the map, and returns them.
    [[nodiscard]] file_map take_if(const std::function<bool(const file_key&)>& chosen);
    // Adds those of its files whose key is not there yet.
    void merge(const file_map& other);

    [[nodiscard]] bool empty() const noexcept { return slots_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
    [[nodiscard]] bool contains(const file_key& key) const noexcept;
    [[nodiscard]] std::size_t count(file_trait wanted) const noexcept;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;
    // Null if it is not there. The file stays unpacked from then on, at this address while the map is not
    // written to, even if the map is moved.
    [[nodiscard]] const listed_file* find(const file_key& key) const;
    // A copy that the map does not keep unpacked: for files that are treated one after the other. nullopt if
    // it is not there.
    [[nodiscard]] std::optional<listed_file> unpacked(const file_key& key) const;
    [[nodiscard]] std::vector<file_key> keys_in(const day_range& days) const;
    // As `find`; throws async::error(internal) if it is not there.
    [[nodiscard]] const listed_file& at(const file_key& key) const;
    // All files with this trait, each as `find` returns it.
    [[nodiscard]] std::vector<const listed_file*> with(file_trait wanted) const;
    // The time columns that the marks of files with rows name; perhaps one more that no mark names any
    // longer.
    [[nodiscard]] const std::set<std::string>& time_columns() const noexcept { return time_columns_; }

  private:
    struct slot {
        file_key key;
        std::uint8_t traits = 0;
        std::uint32_t number = 0; // in `packed_`; empty if the file was given unpacked
    };
    static constexpr std::uint32_t whole = 0xFFFF'FFFF;

    [[nodiscard]] const slot* slot_of(const file_key& key) const noexcept;
    void put(const file_key& key, std::uint32_t number, const read_mark& mark);
    [[nodiscard]] listed_file made(const slot& of) const;

    std::vector<slot> slots_;              // by key
    std::shared_ptr<packed_texts> packed_; // with the map that this was taken out of
    mutable std::map<file_key, std::unique_ptr<listed_file>> whole_;
    std::set<std::string> time_columns_;
};

class file_map::iterator {
  public:
    iterator(const file_map& files, std::size_t at) noexcept
        : files_(&files)
        , at_(at) {}

    [[nodiscard]] const file_key& key() const noexcept { return files_->slots_[at_].key; }
    [[nodiscard]] bool is(file_trait wanted) const noexcept {
        return (files_->slots_[at_].traits & static_cast<std::uint8_t>(wanted)) != 0;
    }
    [[nodiscard]] entry operator*() const { return {key(), files_->made(files_->slots_[at_])}; }
    iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    iterator& operator--() noexcept {
        --at_;
        return *this;
    }
    [[nodiscard]] bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

  private:
    const file_map* files_;
    std::size_t at_;
};

inline file_map::iterator file_map::begin() const noexcept { return {*this, 0}; }
inline file_map::iterator file_map::end() const noexcept { return {*this, slots_.size()}; }

} // namespace lake
