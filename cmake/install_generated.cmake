# At install time, when the prefix is known: the systemd units, which name the program by its path, and what the program
# itself prints: man page and completions.
set(DOCDIR "${CMAKE_INSTALL_PREFIX}/share/doc/event-archiver")
set(BINDIR "${CMAKE_INSTALL_PREFIX}/bin")
set(made "${EVENT_ARCHIVER_BUILD}/packaging")
configure_file("${EVENT_ARCHIVER_SOURCE}/packaging/systemd/event-archiver.service.in" "${made}/event-archiver.service" @ONLY)
file(INSTALL "${made}/event-archiver.service" "${EVENT_ARCHIVER_SOURCE}/packaging/systemd/event-archiver.timer"
     DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")

function(install_what_it_prints file directory)
  execute_process(COMMAND "${EVENT_ARCHIVER_BUILD}/event-archiver" ${ARGN} OUTPUT_FILE "${made}/${file}" ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    file(INSTALL "${made}/${file}" DESTINATION "${CMAKE_INSTALL_PREFIX}/share/${directory}")
  endif()
endfunction()
install_what_it_prints(event-archiver.1 man/man1 help man)
install_what_it_prints(event-archiver bash-completion/completions completion bash)
install_what_it_prints(_event-archiver zsh/vendor-completions completion zsh)
install_what_it_prints(event-archiver.fish fish/vendor_completions.d completion fish)
