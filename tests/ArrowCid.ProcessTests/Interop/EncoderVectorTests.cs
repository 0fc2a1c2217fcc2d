using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Interop;

/// <summary>The encoders that need no .NET compute the vectors.</summary>
public class EncoderVectorTests
{
    [ProgramFact("c++")]
    public void Encoders_in_other_languages_give_the_cids_and_fingerprints_of_all_vectors()
    {
        CommandResult result = Command.Program("bash", Path.Combine(Command.Root, "interop/vectors/check")).Succeeds();
        Assert.Equal(["python: 123 vectors, 0 differences", "javascript: 123 vectors, 0 differences", "c++: 123 vectors, 0 differences"],
            result.Lines);
    }
}
