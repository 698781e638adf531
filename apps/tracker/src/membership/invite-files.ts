/** In the data folder: the line that joins (0600), and where invites send those who have one. */
export const INVITE_FILE_NAME = 'invite';
export const ADVERTISED_FILE_NAME = 'advertised';
