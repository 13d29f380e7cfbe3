#include "app/cli/completion.hpp"

namespace app {

std::string completion_script(std::string_view shell) {
    if (shell == "bash")
        return bash_completion();
    if (shell == "zsh")
        return zsh_completion();
    if (shell == "fish")
        return fish_completion();
    return {};
}

} // namespace app
