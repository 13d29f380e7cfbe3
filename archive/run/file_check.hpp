// Checks before the first row is read: a file that cannot be written to ends the run here, and is named.
// Tested by tests/integration/test_permissions.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace archive {

// One for a run: it remembers what it knows of the container.
class file_check {
  public:
    // `context` must outlive it.
    explicit file_check(const run_context& context)
        : context_(context) {}

    // Throws async::error where a policy or hold on the container forbids to take back what was published.
    // Asks once in a run.
    [[nodiscard]] awaitable<void> container_must_be_changeable();
    // Throws async::error for the first of the files that cannot be written to. `action`: "appended to".
    [[nodiscard]] awaitable<void> must_be_writable(const std::vector<const lake::listed_file*>& files,
                                                   std::string_view action);

  private:
    const run_context& context_;
    bool container_looked_at_ = false;
    bool blobs_may_be_immutable_ = false;
};

// What is known of the content of a file that is converted.
enum class append_content : std::uint8_t {
    is_checked,   // nothing: rows of the table must fit behind its own
    is_as_marked, // it was read, and is what its mark says
};

// Makes block blobs of the append blobs among them. True if there was one: the folder is no longer as it was
// listed.
[[nodiscard]] awaitable<bool> convert_append_blobs(run_tools& tools, const run_transaction& opened,
                                                   std::vector<const lake::listed_file*> files,
                                                   append_content content = append_content::is_checked);

} // namespace archive
