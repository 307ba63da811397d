# For deploy/trained: with REGPASS_TRAINING the program notes what it executes, with REGPASS_PROFILE another one is laid out for that.
# `regpass_training` says so to a library or program of ours; tests have no part in it.
if((REGPASS_TRAINING OR REGPASS_PROFILE) AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "REGPASS_TRAINING and REGPASS_PROFILE are for clang")
endif()
if(REGPASS_PROFILE AND NOT EXISTS ${REGPASS_PROFILE})
  message(FATAL_ERROR "${REGPASS_PROFILE} is not there: deploy/trained makes it, and builds with it")
endif()

function(regpass_training target)
  if(REGPASS_TRAINING)
    target_compile_options(${target} PRIVATE -fprofile-generate=${CMAKE_BINARY_DIR}/profile)
    target_link_options(${target} PUBLIC -fprofile-generate)
  endif()
  if(REGPASS_PROFILE)
    # Most of the code is not what requests run through; what was changed since is laid out as ever, and said.
    target_compile_options(${target} PRIVATE -fprofile-use=${REGPASS_PROFILE}
                           -Wno-profile-instr-unprofiled -Wno-error=backend-plugin)
  endif()
endfunction()
