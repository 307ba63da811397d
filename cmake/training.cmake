# Profile-guided optimisation for deploy/trained: REGPASS_TRAINING instruments the program, REGPASS_PROFILE optimises with the recorded
# profile. `regpass_training` applies the flags to a library or program of the product; tests are not instrumented.
if((REGPASS_TRAINING OR REGPASS_PROFILE) AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "REGPASS_TRAINING and REGPASS_PROFILE require clang")
endif()
if(REGPASS_PROFILE AND NOT EXISTS ${REGPASS_PROFILE})
  message(FATAL_ERROR "${REGPASS_PROFILE} does not exist: run deploy/trained, which creates it and builds with it")
endif()

function(regpass_training target)
  if(REGPASS_TRAINING)
    target_compile_options(${target} PRIVATE -fprofile-generate=${CMAKE_BINARY_DIR}/profile)
    target_link_options(${target} PUBLIC -fprofile-generate)
  endif()
  if(REGPASS_PROFILE)
    # Most code is not executed by requests and has no profile; code that changed since the profile is compiled without it, with a warning.
    target_compile_options(${target} PRIVATE -fprofile-use=${REGPASS_PROFILE}
                           -Wno-profile-instr-unprofiled -Wno-error=backend-plugin)
  endif()
endfunction()
