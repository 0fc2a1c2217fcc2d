namespace ArrowCid.Cli.Inputs;

/// <summary>A file to read.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Root">The last name of the directory that it was found below.</param>
/// <param name="Relative">Its path below that directory, with '/' between the parts.</param>
internal sealed record InputFile(string Path, string Root, string Relative)
{
    /// <summary>The relative path without the extension.</summary>
    public string Stem => System.IO.Path.ChangeExtension(Relative, null);

    /// <summary>The relative path of its directory; of a file right in the root the root's name.</summary>
    public string Folder => Relative.LastIndexOf('/') is var at and > 0 ? Relative[..at] : Root;
}
