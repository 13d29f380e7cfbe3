// A process that goes on in the background once its start has succeeded.
// Tested by tests/integration/test_projections.py.
#pragma once

namespace app {

// Forks, so make it before the process has a thread. The child has a session of its own, so that no terminal
// ends it.
class background_start {
  public:
    background_start();
    ~background_start();
    background_start(const background_start&) = delete;
    background_start& operator=(const background_start&) = delete;

    [[nodiscard]] bool is_parent() const noexcept { return child_ > 0; }
    // For the parent: returns 0 once the child has started, or the child's exit code if it ended before.
    [[nodiscard]] int wait();

    // For the child: the parent may end now. Further calls do nothing.
    void begun() noexcept;
    void ended(int exit_code) noexcept;

  private:
    void tell(unsigned char code) noexcept;

    int child_ = 0;
    int pipe_ = -1; // to read in the parent, to write in the child
};

} // namespace app
