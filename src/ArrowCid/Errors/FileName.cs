using System.Text;

namespace ArrowCid;

/// <summary>Names of files and directories that callers give.</summary>
internal static class FileName
{
    /// <summary>Refuses a name that is not Unicode. .NET replaces the bytes of a name that are not UTF-8, so that two
    /// such names would be one file, and neither the one that is meant.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>.</exception>
    public static void Require(string name)
    {
        foreach (Rune rune in name.EnumerateRunes())
        {
            // Half of a surrogate pair is enumerated as the replacement character.
            if (rune == Rune.ReplacementChar)
                throw new ArrowCidException(ErrorCode.InvalidArgument, "the file name is not UTF-8; rename the file");
        }
    }
}
