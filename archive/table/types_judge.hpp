// Whether rows of the table may go behind those of a file, as far as the types of its columns go: one answer
// for `archive`, `restore`, `plan` and `check`. Files of the same types are judged once.
// Tested by tests/fault/test_changed_types.py.
#pragma once

#include "archive/table/table.hpp"
#include "db/position.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/folder/treatment.hpp"
#include "lake/ledger/types_line.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace archive {

class types_judge {
  public:
    // `table` must outlive it. `here`: the database that is asked.
    types_judge(const table_description& table, const db::server_position& here)
        : table_(table)
        , here_(here) {}

    // Whether the ledger's texts are needed to judge the file.
    [[nodiscard]] bool needs_texts(const lake::file_record& written) const;
    void know(const lake::types_texts& texts);

    // The mistake where labels of enums may have had other names, or composite types other attributes, when
    // the file's rows were written. Rows of both spellings in one file could not be restored, and a label may
    // be another value. Labels that were added since are no mistake, also to a type that was made again and
    // took the column over.
    [[nodiscard]] std::optional<lake::refusal> mistake(const lake::file_mark& mark);
    // The mistake, as above, that ends `archive` at a listed file whose rows it does not compare with the
    // table's.
    [[nodiscard]] std::optional<lake::refusal> mistake_if_due(const lake::listed_file& file);
    // Whether the table's columns have the types that they had then, but for labels that were added.
    [[nodiscard]] bool means_the_same(const lake::file_record& written);

  private:
    struct verdict {
        bool same = false; // but for labels that were added
        bool kept = false; // labels and attributes, whatever became of other types
    };
    [[nodiscard]] verdict judge(const lake::file_record& written) const;
    [[nodiscard]] const verdict& verdict_on(const lake::file_record& written);

    const table_description& table_;
    db::server_position here_;
    std::optional<lake::types_texts> texts_;
    std::map<std::pair<std::uint64_t, labels_since>, verdict> judged_;
};

} // namespace archive
