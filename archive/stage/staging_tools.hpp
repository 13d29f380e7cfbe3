// What the parts of staging share: what staging was given, and what follows from it.
// Tested by tests/unit/archive/stage/staging_test.cpp.
#pragma once

#include "archive/stage/file_records.hpp"
#include "archive/stage/memory_account.hpp"
#include "archive/stage/staging_context.hpp"
#include "archive/table/row_key.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "lake/folder/file_store.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace archive {

struct staging_tools {
    explicit staging_tools(staging_context given)
        : context(std::move(given))
        , key(context.table)
        , header(csv::header_line(context.table.columns))
        , header_crc(azure::crc64(0, lake::bytes_of(header)))
        , memory(context.pages)
        , records(context.book, context.table, context.position) {}

    const staging_context context;
    row_key key;
    const std::string header; // the line that a new file begins with
    const std::uint64_t header_crc;
    memory_account memory;
    file_records records;
};

} // namespace archive
