// A file being written in a directory: hidden until its transaction is committed. Private to this room.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include "async/helper_thread.hpp"
#include "exports/sink/hidden_name.hpp"
#include "exports/sink/part_file.hpp"
#include "exports/sink/sink.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace exports {

class directory_draft : public draft {
  public:
    // `helper` must outlive the draft.
    directory_draft(std::filesystem::path directory, hidden_name hidden, std::shared_ptr<part_file> file,
                    async::helper_thread& helper)
        : directory_(std::move(directory))
        , hidden_(std::move(hidden))
        , file_(std::move(file))
        , helper_(helper) {}

    [[nodiscard]] std::size_t block_size() const override { return std::size_t{1} << 20; }
    [[nodiscard]] awaitable<void> write(std::vector<std::byte> bytes) override;
    [[nodiscard]] awaitable<void> finish() override;
    [[nodiscard]] awaitable<void> prepare(file_mark mark) override;
    [[nodiscard]] awaitable<void> must_stand() override;
    [[nodiscard]] awaitable<void> finalise() override;
    [[nodiscard]] awaitable<whereabouts> look() override;
    [[nodiscard]] awaitable<void> take_back() override;
    [[nodiscard]] std::string name() const override;

  private:
    std::filesystem::path directory_;
    hidden_name hidden_;
    std::shared_ptr<part_file> file_; // shared with the call in progress
    async::helper_thread& helper_;
    file_mark mark_;
    std::string shown_; // the name that it was given
};

} // namespace exports
