// Rows like those of the "Event" table, as COPY … (FORMAT csv) writes them.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

// About `size` bytes in whole rows, each with a JSON payload of about `payload_size` bytes.
inline std::string sample_rows(std::size_t size, std::size_t payload_size) {
    std::string rows;
    rows.reserve(size + payload_size + 256);
    for (unsigned id = 1; rows.size() < size; ++id) {
        rows += std::to_string(id) + ",0b9f6b1e-6d5c-4c1e-9a53-2f7d0c8e4a11,order.created,"
                                     "2024-02-29 12:34:56.789012,2024-02-29 12:34:57.000001,\"{";
        const auto payload_end = rows.size() + payload_size;
        for (unsigned key = 0; rows.size() < payload_end; ++key)
            rows += (key == 0 ? "\"\"key" : ", \"\"key") + std::to_string(key) +
                    "\"\": \"\"some text, not long\"\"";
        rows += "}\"\n";
    }
    return rows;
}

} // namespace bench
