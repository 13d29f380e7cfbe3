# cmake --install: program, units, docs. cpack: the same as a .deb, with /etc/event-archiver and what its libraries depend on.
install(TARGETS event-archiver RUNTIME)
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION share/doc/event-archiver)
install(DIRECTORY docs manifests DESTINATION share/doc/event-archiver)
install(DIRECTORY projections DESTINATION share/event-archiver)
install(CODE "set(EVENT_ARCHIVER_SOURCE \"${CMAKE_SOURCE_DIR}\")\nset(EVENT_ARCHIVER_BUILD \"${CMAKE_BINARY_DIR}\")")
install(SCRIPT cmake/install_generated.cmake)
# Outside of every prefix, so only in the package.
install(FILES packaging/systemd/event-archiver.env DESTINATION /etc/event-archiver PERMISSIONS OWNER_READ OWNER_WRITE
        COMPONENT etc EXCLUDE_FROM_ALL)

set(EVENT_ARCHIVER_MAINTAINER "the event-archiver authors <event-archiver@localhost>" CACHE STRING "Who the Debian package names")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION "Once a day it takes the rows older than a retention period, writes them to
one CSV file per UTC day in Azure Blob storage, and deletes them: export,
upload and delete in one transaction. Each row is in the table or once in
its day's file, whatever is killed or cut off. A systemd timer runs it at
02:00 UTC once it is enabled.")
set(CPACK_PACKAGE_CONTACT "${EVENT_ARCHIVER_MAINTAINER}")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};event-archiver;ALL;/;${CMAKE_BINARY_DIR};event-archiver;etc;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${CMAKE_SOURCE_DIR}/packaging/debian/conffiles" "${CMAKE_SOURCE_DIR}/packaging/debian/postinst"
    "${CMAKE_SOURCE_DIR}/packaging/debian/prerm" "${CMAKE_SOURCE_DIR}/packaging/debian/postrm")
include(CPack)
