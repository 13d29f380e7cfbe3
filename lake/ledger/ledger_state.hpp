// What the ledger knows of each file: its last change, and which changes came before it. An entry is kept as
// its line, packed, and parsed when it is asked for: it takes 544 bytes a file at most, an entry as an object
// takes a kilobyte.
// Tested by tests/unit/lake/ledger/ledger_test.cpp and tests/unit/lake/folder/file_map_test.cpp.
#pragma once

#include "lake/ledger/hash_set.hpp"
#include "lake/ledger/ledger_entry.hpp"
#include "lake/ledger/types_line.hpp"
#include "lake/packed_texts.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace lake {

// The bytes that an entry takes at most, with its name and the lines that it has replaced.
inline constexpr std::size_t known_file_bytes = 544;

// By the file's name. Not safe for two threads at a time, even to read.
class ledger_state {
  public:
    // The next line. It replaces what is known of the file, unless it tells of a write that an earlier line
    // has told of: a process that was stopped behind its COMMIT writes its line late. A decision always
    // replaces it.
    void note(const ledger_entry& entry);
    // Replaces the entry of the file, whatever it was.
    void replace(const ledger_entry& entry);
    void erase(std::string_view file);
    // A line about types.
    void note(noted_types types) { types_.insert_or_assign(types.checksum, std::move(types.text)); }

    // The names of the files whose rows the table may have as well.
    [[nodiscard]] const std::set<std::string, std::less<>>& restored() const noexcept { return restored_; }
    // What types columns of the folder's files have had, as far as that was written down.
    [[nodiscard]] const types_texts& types() const noexcept { return types_; }
    [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
    [[nodiscard]] std::optional<ledger_entry> find(std::string_view file) const;
    // What the file held when this program last wrote to it: by its mark, or else by the ledger. nullopt if
    // that was no row, or is not known.
    [[nodiscard]] std::optional<file_record> content_of(const listed_file& file) const;
    // What was known of the file when a run found it gone and went on; nothing if that never was, or a person
    // has accepted it.
    [[nodiscard]] const ledger_entry* loss_of(std::string_view file) const;
    // What has become of the file of an entry of this state. `found`: null if it is not there.
    [[nodiscard]] ledger_verdict verdict_on(const ledger_entry& known, const listed_file* found) const;
    // The sentence for it. `known`: as above.
    [[nodiscard]] std::string sentence_of(ledger_verdict verdict, const ledger_entry& known) const;

    class iterator;
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;

  private:
    using by_name = std::map<std::string, std::uint32_t, std::less<>>;

    [[nodiscard]] ledger_entry entry(std::uint32_t number) const;
    void drop_replaced();

    by_name numbers_;
    hash_set writes_; // of the files, that lines tell of
    std::map<std::string, ledger_entry, std::less<>> losses_;
    std::set<std::string, std::less<>> restored_;
    types_texts types_;
    packed_texts lines_; // with lines that others have replaced
};

class ledger_state::iterator {
  public:
    iterator(const ledger_state& all, by_name::const_iterator at) noexcept
        : all_(&all)
        , at_(at) {}

    [[nodiscard]] std::pair<std::string_view, ledger_entry> operator*() const {
        return {at_->first, all_->entry(at_->second)};
    }
    iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    [[nodiscard]] bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

  private:
    const ledger_state* all_;
    by_name::const_iterator at_;
};

inline ledger_state::iterator ledger_state::begin() const noexcept { return {*this, numbers_.begin()}; }
inline ledger_state::iterator ledger_state::end() const noexcept { return {*this, numbers_.end()}; }

} // namespace lake
