Console.Error.WriteLine("arrowcid: no command is built yet");
return 2;
